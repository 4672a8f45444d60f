import type { AddressInfo } from 'node:net';
import {
  connectImpatient,
  connectPatient,
  disconnect,
  type Logger,
  Releasers,
  Submissions,
} from '@conjob/shared';
import type { Redis } from 'ioredis';
import { createApp } from './app.ts';
import type { ApiConfig } from './config.ts';
import { Readiness } from './health/readiness.ts';
import { closeServer, listen, urlOf } from './http/listen.ts';
import { JobEvents } from './jobs/job-events.ts';
import { JobService } from './jobs/job-service.ts';
import { JobWaits } from './jobs/wait-for-job.ts';
import { JobQueue } from './queue/job-queue.ts';
import { Sweeper } from './sweeper/sweeper.ts';

export { type ApiConfig, loadApiConfig } from './config.ts';

export interface RunningApi {
  readonly url: string;
  readonly port: number;
  /** Stops listening, answers who waits, and closes all connections. May be called twice. */
  close(): Promise<void>;
}

/** How long requests that are under way may take when the process shuts down. */
const SHUTDOWN_GRACE_MS = 10_000;
/** Three times the longest silence of a connection that follows events. */
const EVENTS_SOCKET_TIMEOUT_MS = 15_000;

/**
 * Starts the API; it listens when this resolves, and takes jobs as soon as Redis is there. Throws
 * `ConfigError` when it can't listen.
 */
export async function startApi(config: ApiConfig, logger: Logger): Promise<RunningApi> {
  const releasers = new Releasers();
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= releasers.releaseAll());
  try {
    const redis = open(connectImpatient(config.redisUrl), 'commands', logger, releasers);
    const ledger = new Submissions(redis);
    const queue = new JobQueue(redis, (error) => logger.debug({ err: error }, 'queue error'));
    releasers.push(() => queue.close());

    const eventsRedis = connectPatient(config.redisUrl, {
      socketTimeout: EVENTS_SOCKET_TIMEOUT_MS,
    });
    const events = new JobEvents(open(eventsRedis, 'events', logger, releasers), logger);
    void events.follow();
    releasers.push(() => events.stop());

    const sweeper = new Sweeper({ redis, ledger, queue, logger });
    releasers.push(() => sweeper.stop());

    const waits = new JobWaits({ ledger, events, logger });
    const readiness = new Readiness({ redis, events, logger });
    const jobs = new JobService({ redis, ledger, queue, logger });
    const server = await listen(createApp({ config, logger, jobs, waits, readiness }), config);
    releasers.push(() => {
      readiness.drain();
      return closeServer(server, {
        graceMs: SHUTDOWN_GRACE_MS,
        answerWaiters: () => waits.close(),
      });
    });
    const { port } = server.address() as AddressInfo;
    logger.info({ url: urlOf(server) }, 'listening');
    return { url: urlOf(server), port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function open(redis: Redis, purpose: string, logger: Logger, releasers: Releasers): Redis {
  let away = false;
  redis.on('error', (error) => {
    // One line per outage, not one per attempt to reconnect.
    if (!away) logger.warn({ err: error, purpose }, 'Redis can not be reached');
    away = true;
  });
  redis.on('ready', () => {
    if (away) logger.info({ purpose }, 'Redis is back');
    away = false;
  });
  releasers.push(() => disconnect(redis));
  return redis;
}
