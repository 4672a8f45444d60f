import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { Attempts, connectPatient, disconnect, type Logger, Releasers, reportOutages } from '@conjob/shared';
import { adoptJobs } from './adopt-jobs.ts';
import { Background } from './background.ts';
import { listenForCancels } from './cancel-listener.ts';
import { closeIntake } from './close-intake.ts';
import type { WorkerConfig } from './config.ts';
import { connectDocker } from './engine/docker/connect-docker.ts';
import { DockerEngine } from './engine/docker/docker-engine.ts';
import type { Engine } from './engine/engine.ts';
import { awaitEngine, EngineWatch } from './engine-watch.ts';
import { every } from './every.ts';
import { installationId } from './installation.ts';
import { orAbort } from './or-abort.ts';
import { createProcessor } from './processor.ts';
import { RunningJobs } from './running-jobs.ts';
import { sweep } from './sweep.ts';
import { createIntake, runIntake } from './take-jobs.ts';
import { within } from './within.ts';
import { NAME_RENEWAL_MS, NameTakenError, WorkerName } from './worker-name.ts';

export { type WorkerConfig, workerConfigSchema } from './config.ts';
export { NameTakenError } from './worker-name.ts';

/** How often a lease is renewed while it lasts: missing a few does no harm. */
const RENEWALS_PER_LEASE = 6;
const SWEEP_MS = 30_000;
const REDIS_RELEASE_MS = 1_000;
const BACKGROUND_MS = 10_000;

export interface RunningWorker {
  readonly name: string;
  /**
   * Resolves when another process has the name, since this one was silent for too long. Everything
   * that ran here is that one's now: this process must end, at once and without closing.
   */
  readonly lost: Promise<NameTakenError>;
  /** Takes no more jobs, lets running ones end within the grace period, stops the rest. */
  close(): Promise<void>;
  /** While closing: stops all jobs, and containers get a second at most. */
  hurry(): void;
}

/** Starts a worker and returns when it takes jobs. `signal` gives up waiting for an engine. */
export async function startWorker(
  config: WorkerConfig,
  logger: Logger,
  signal: AbortSignal,
): Promise<RunningWorker> {
  const releasers = new Releasers();
  try {
    const engine: Engine = new DockerEngine(connectDocker(config.engineAddress));
    const { id, version } = await awaitEngine(engine, logger, signal);
    const redis = connectPatient(config.redisUrl);
    reportOutages(redis, logger);
    releasers.push(() => disconnect(redis));

    const name = new WorkerName(redis, config.name ?? `${hostname()}-${shortId(id)}`);
    // Commands wait for Redis for ever: without it, only the signal ends the start.
    await orAbort(signal, name.take(signal));
    /** Closers that ask Redis, which may be gone: then what they release runs out by itself. */
    const pushWithRedis = (release: () => Promise<void>) =>
      releasers.push(async () => void (await within(REDIS_RELEASE_MS, release())));
    pushWithRedis(() => name.giveBack());

    const installation = await orAbort(signal, installationId(redis));
    const attempts = new Attempts(redis, { worker: name.name, leaseMs: config.leaseMs });
    const running = new RunningJobs(attempts, logger);
    const warn = (what: string) => (error: unknown) => logger.warn({ err: error }, what);
    const lost = Promise.withResolvers<NameTakenError>();
    pushWithRedis(
      every(
        NAME_RENEWAL_MS,
        async () => {
          await name.renew();
          if (config.heartbeatFile) await writeFile(config.heartbeatFile, '');
        },
        (error) => {
          if (error instanceof NameTakenError) lost.resolve(error);
          else logger.warn({ err: error }, 'heartbeat');
        },
      ),
    );
    pushWithRedis(
      every(config.leaseMs / RENEWALS_PER_LEASE, () => running.renewLeases(), warn('leases')),
    );
    releasers.push(
      listenForCancels(config.redisUrl, (job) => running.stop(job, 'cancelled'), logger),
    );

    const isRunningHere = (job: string) => running.has(job);
    const sweepOnce = async () => {
      // Whoever took the name meanwhile runs jobs of which this process knows nothing.
      await name.renew();
      await sweep({ engine, installation, worker: name.name, isRunningHere, logger });
    };
    const background = new Background(config.concurrency);
    const dependencies = {
      engine,
      attempts,
      running,
      logger,
      background,
      onFenced: () => void sweepOnce().catch(warn('sweep')),
      onEngineAway: () => void engineWatch.report().catch(warn('engine watch')),
      defaults: {
        installation,
        worker: name.name,
        runtime: config.runtime,
        maxOutputBytes: config.maxOutputBytes,
      },
    };
    const adopted = await orAbort(signal, adoptJobs(dependencies));
    await sweepOnce();
    releasers.push(every(SWEEP_MS, sweepOnce, warn('sweep')));

    const intake = createIntake({
      redis,
      name: name.name,
      concurrency: config.concurrency,
      leaseMs: config.leaseMs,
      process: createProcessor(dependencies),
      logger,
    });
    releasers.push(async () => {
      const impatience = setTimeout(() => running.stopAll('shut-down'), config.shutdownGraceMs);
      await closeIntake(intake, adopted, redis).finally(() => clearTimeout(impatience));
      // What an engine that is away keeps, the sweep of the next process removes.
      await within(BACKGROUND_MS, background.idle());
    });
    await orAbort(signal, intake.waitUntilReady());
    const engineWatch = new EngineWatch(engine, intake, logger);
    releasers.push(() => engineWatch.end());
    runIntake(intake, config.concurrency, adopted).catch(warn('intake'));
    logger.info(
      { worker: name.name, engine: version, slots: config.concurrency },
      'worker is ready',
    );
    return {
      name: name.name,
      lost: lost.promise,
      close: () => releasers.releaseAll(),
      hurry: () => {
        running.hurry();
        running.stopAll('shut-down');
      },
    };
  } catch (error) {
    await releasers.releaseAll();
    throw error;
  }
}

/** Engine ids are base32 in groups, or UUIDs: the first characters tell engines apart well enough. */
function shortId(engineId: string): string {
  return engineId
    .replace(/[^a-zA-Z0-9]/g, '')
    .slice(0, 6)
    .toLowerCase();
}
