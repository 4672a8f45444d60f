import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  connectImpatient,
  connectPatient,
  disconnect,
  expectWelcome,
  isLoopback,
  Leases,
  Limits,
  Lines,
  type Logger,
  Releasers,
  reportOutages,
  Submissions,
  Workers,
} from '@conjob/shared';
import type { Redis } from 'ioredis';
import { createAdminApp } from './admin-app.ts';
import { createApp } from './app.ts';
import { Tokens } from './auth/tokens.ts';
import type { ApiConfig } from './config.ts';
import { OutputHub } from './follow/output-hub.ts';
import { buildCommit } from './health/build-commit.ts';
import { Readiness } from './health/readiness.ts';
import { closeServer, listen, urlOf } from './http/listen.ts';
import { AbandonedJobs } from './jobs/abandoned-jobs.ts';
import { Admission } from './jobs/admission.ts';
import { JobEvents } from './jobs/job-events.ts';
import { JobService } from './jobs/job-service.ts';
import { QueuedMarks } from './jobs/queued-marks.ts';
import { JobWaits } from './jobs/wait-for-job.ts';
import { announceLimits } from './limits/announce-limits.ts';
import { ProcessMetrics } from './metrics/process-metrics.ts';
import { JobQueue } from './queue/job-queue.ts';
import { JobSecrets } from './secrets/job-secrets.ts';
import { SealingKeys } from './secrets/sealing-keys.ts';
import { SecretService } from './secrets/secret-service.ts';
import { Sweeper } from './sweeper/sweeper.ts';
import { CertificateFiles } from './tls/certificate-files.ts';
import { VolumeRemovals } from './volumes/volume-removals.ts';
import { RecentWorkers } from './workers/recent-workers.ts';
import { WorkerService } from './workers/worker-service.ts';

export { type ApiConfig, loadApiConfig } from './config.ts';
export { loadCertificate } from './tls/certificate-files.ts';

export interface RunningApi {
  readonly url: string;
  /** Where operators reach it. */
  readonly adminUrl: string;
  readonly port: number;
  /** Stops listening, answers who waits, and closes all connections. May be called twice. */
  close(): Promise<void>;
}

/** How long requests that are under way may take when the process shuts down. */
const SHUTDOWN_GRACE_MS = 10_000;
/** Workers that live answer sooner, unless their engine is away or very busy. */
const VOLUMES_MS = 30_000;
/** Three times the longest silence of a connection that waits for events, or for output. */
const READER_SOCKET_TIMEOUT_MS = 15_000;

/**
 * Starts the API; it listens when this resolves, and takes jobs as soon as Redis is there. Throws
 * `ConfigError` when it can't listen.
 */
export async function startApi(config: ApiConfig, logger: Logger): Promise<RunningApi> {
  const releasers = new Releasers();
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= releasers.releaseAll());
  try {
    const certificate = await openCertificate(config, logger, releasers);
    const redis = open(connectImpatient(config.redis), 'commands', logger, releasers);
    await expectWelcome(redis);
    const limits = new Limits(redis, config.limits);
    announceLimits(redis, limits, logger);
    const ledger = new Submissions(redis);
    const leases = new Leases(redis);
    const lines = new Lines(redis);
    const queue = new JobQueue(redis, (error) => logger.debug({ err: error }, 'queue error'));
    releasers.push(() => queue.close());

    const openReader = (purpose: string) =>
      open(
        connectPatient(config.redis, { socketTimeout: READER_SOCKET_TIMEOUT_MS }),
        purpose,
        logger,
        releasers,
      );
    const events = new JobEvents(openReader('events'), logger);
    void events.follow();
    releasers.push(() => events.stop());
    const hub = new OutputHub({ redis: openReader('output'), logger });
    void hub.run();
    releasers.push(() => hub.stop());

    const sweeper = new Sweeper({ redis, ledger, leases, lines, queue, logger });
    releasers.push(() => sweeper.stop());

    const waits = new JobWaits({ ledger, events, logger });
    const readiness = new Readiness({ redis, events, logger });
    const registry = new Workers(redis);
    const recent = new RecentWorkers(registry);
    const metrics = new ProcessMetrics();
    const marks = new QueuedMarks({ ledger, events, logger });
    releasers.push(async () => marks.close());
    const sealingKeys = new SealingKeys({ keysFolder: config.secretKeysFolder, logger });
    await sealingKeys.check();
    const secrets = new SecretService({ redis, keys: sealingKeys });
    const admission = new Admission({
      atOnce: config.newJobsAtOnce,
      onRefused: () => metrics.countRefused('redis'),
    });
    metrics.watchLine(() => admission.waiting);
    const jobs = new JobService({
      redis,
      ledger,
      lines,
      secrets: new JobSecrets(sealingKeys),
      queue,
      limits,
      workers: recent,
      marks,
      admission,
      onRefused: metrics.countRefused,
      logger,
    });
    const workers = new WorkerService(registry);
    const abandoned = new AbandonedJobs({ jobs, logger });
    releasers.push(() => abandoned.close());
    const closing = new AbortController();
    const parts = { config, logger, readiness, workers, limits, tokens: new Tokens(redis) };
    const follow = { redis, ledger, events, waits, hub, logger };
    const app = createApp({ ...parts, jobs, waits, abandoned, follow, secrets });
    const volumes = new VolumeRemovals({ redis, workers: registry, timeoutMs: VOLUMES_MS });
    const adminApp = createAdminApp({
      ...parts,
      volumes,
      redis,
      metrics,
      commit: await buildCommit(),
      closing: closing.signal,
    });
    const { host } = config;
    const servers: Server[] = [];
    releasers.push(async () => {
      readiness.drain();
      const answerWaiters = () => {
        admission.close();
        waits.close();
        closing.abort();
      };
      const options = { graceMs: SHUTDOWN_GRACE_MS, answerWaiters };
      await Promise.all(servers.map((server) => closeServer(server, options)));
    });
    const options = { limits: config.connections, logger };
    const server = await listen(app, { host, port: config.port, certificate }, options);
    servers.push(server);
    const adminAddress = {
      host,
      port: config.adminPort,
      portVariable: 'ADMIN_PORT',
      certificate,
    };
    const adminServer = await listen(adminApp, adminAddress, options);
    servers.push(adminServer);
    const { port } = server.address() as AddressInfo;
    const urls = { url: urlOf(server), adminUrl: urlOf(adminServer) };
    logger.info(urls, 'listening');
    return { ...urls, port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openCertificate(
  { tls, logins, reachedAt }: ApiConfig,
  logger: Logger,
  releasers: Releasers,
): Promise<CertificateFiles | null> {
  if (tls !== null) {
    const certificate = await CertificateFiles.open({ ...tls, logger });
    releasers.push(() => certificate.stop());
    return certificate;
  }
  const isSeen = (port: 'api' | 'admin') => logins[port] !== null && !isLoopback(reachedAt[port]);
  if (isSeen('api') || isSeen('admin')) {
    logger.warn(
      'passwords and tokens come in clear text: set TLS_CERT_FILE, or put a proxy before',
    );
  }
  return null;
}

function open(redis: Redis, purpose: string, logger: Logger, releasers: Releasers): Redis {
  reportOutages(redis, logger.child({ purpose }));
  releasers.push(() => disconnect(redis));
  return redis;
}
