import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  connectImpatient,
  disconnect,
  expectWelcome,
  type Logger,
  Releasers,
  reportOutages,
} from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { WorkerConfig } from '../config.ts';
import { connectDocker } from '../engine/docker/connect-docker.ts';
import { DockerEngine } from '../engine/docker/docker-engine.ts';
import { DockerUpkeep } from '../engine/docker/docker-upkeep.ts';
import { awaitEngine } from '../engine-watch.ts';
import { every } from '../every.ts';
import { installationId } from '../installation.ts';
import { orAbort } from '../or-abort.ts';
import { HelperReaper } from './helper-reaper.ts';
import { housekeeping } from './housekeeping.ts';
import { isDone } from './needs.ts';
import { Pace } from './pace.ts';
import { type PassReport, Reaper } from './reaper.ts';
import { sweepSecretVolumes } from './secret-volumes.ts';

const RETRY_MS = 200;
const HOUSEKEEPING_MS = 60_000;
/** Of what a job may leave for a minute at most. */
const SWEEP_MS = 20_000;
const HELPERS_MS = 5_000;
/** A reaper without a worker stays no longer before it has found engine and Redis: it knows of nothing to look after. */
const MAX_START_ALONE_MS = 30_000;

export interface ReaperSignals {
  /** Ends it at once. */
  readonly quit: AbortSignal;
  /** Its worker is gone: it ends by itself as soon as nothing needs it any more. The reason is a {@link WorkerEnd}. */
  readonly alone: AbortSignal;
}

/** How its worker went. `orderly`: with nothing begun that the reaper can't know of. */
export type WorkerEnd = 'orderly' | 'dead';

/** Looks after the containers of one engine until it is told to end, or nothing needs it any more. */
export async function runReaper(
  config: WorkerConfig,
  logger: Logger,
  signals: ReaperSignals,
): Promise<void> {
  const releasers = new Releasers();
  try {
    const docker = connectDocker(config.engineAddress);
    const [engine, upkeep] = [new DockerEngine(docker), new DockerUpkeep(docker)];
    const redis = connectImpatient(config.redis);
    releasers.push(() => disconnect(redis));
    reportOutages(redis, logger);
    const start = AbortSignal.any([signals.quit, afterDeath(signals.alone, MAX_START_ALONE_MS)]);
    await orAbort(start, expectWelcome(redis));
    const [{ id, version }, installation] = await Promise.all([
      awaitEngine(engine, logger, start),
      awaitInstallation(redis, start),
    ]);
    logger.info({ engine: version }, 'reaper is ready');
    const reaper = new Reaper({
      engine,
      engineClock: upkeep,
      redis,
      installation,
      pace: new Pace(config.leaseMs),
      logger,
    });
    const helpers = new HelperReaper({ engine, redis, installation, logger });
    const { imageCacheBytes, dockerCacheRetentionMs } = config;
    const keepHouse = housekeeping({
      engine,
      upkeep,
      redis,
      engineId: id,
      installation,
      imageCacheBytes,
      dockerCacheRetentionMs,
      logger,
    });
    const warn = (error: unknown) => logger.warn({ err: error }, 'housekeeping');
    releasers.push(every(HOUSEKEEPING_MS, keepHouse, warn));
    const sweep = () => sweepSecretVolumes({ upkeep, installation, logger });
    releasers.push(every(SWEEP_MS, sweep, warn));
    await reapOn({ reaper, helpers }, config, logger, signals);
    // Of containers that it has just removed. The next reaper does it too.
    if (!signals.quit.aborted) await sweep().catch(warn);
  } catch (error) {
    if (!signals.quit.aborted && !signals.alone.aborted) throw error;
  } finally {
    await releasers.releaseAll();
  }
}

interface Reapers {
  readonly reaper: Reaper;
  readonly helpers: HelperReaper;
}

async function reapOn(
  { reaper, helpers }: Reapers,
  { heartbeatFile, leaseMs }: WorkerConfig,
  logger: Logger,
  { quit, alone }: ReaperSignals,
): Promise<void> {
  let aloneSince: number | undefined;
  let lastReport: PassReport = { entries: [], nextInMs: 0 };
  let engineSeenAt = performance.now();
  let isEngineAway = false;
  let hasHelpers = false;
  let helpersAt = Number.NEGATIVE_INFINITY;
  const retryMs = new Pace(leaseMs).lookMs;
  const isOver = (since: number, report: PassReport | null): boolean =>
    isDone({ since, engineSeenAt, report, hasHelpers }, performance.now());
  while (!quit.aborted) {
    if (alone.aborted && aloneSince === undefined) {
      aloneSince = performance.now();
      helpers.forgetSigns();
    }
    const pass = async (): Promise<PassReport> => {
      const passed = await reaper.pass({ full: alone.aborted });
      if (alone.aborted || performance.now() - helpersAt > HELPERS_MS) {
        hasHelpers = await helpers.pass();
        helpersAt = performance.now();
      }
      return passed;
    };
    const report = await pass().catch((error: unknown): null => {
      if (!isEngineAway) logger.error({ err: error }, 'the engine does not answer');
      isEngineAway = true;
      return null;
    });
    if (report) {
      if (isEngineAway) logger.info('the engine is back');
      isEngineAway = false;
      lastReport = report;
      engineSeenAt = performance.now();
      if (heartbeatFile) await writeFile(heartbeatFile, '');
    }
    const isOrderly = (alone.reason as WorkerEnd | undefined) === 'orderly';
    const known = report ?? (isOrderly ? lastReport : null);
    if (aloneSince !== undefined && isOver(aloneSince, known)) {
      await reaper.idle();
      logger.info('no container needs this reaper any more');
      return;
    }
    await sleepUnless(report?.nextInMs ?? retryMs, aloneSince === undefined ? alone : quit, quit);
  }
}

/** Any of the signals ends the sleep. */
async function sleepUnless(milliseconds: number, ...signals: AbortSignal[]): Promise<void> {
  await sleep(milliseconds, undefined, { signal: AbortSignal.any(signals) }).catch(() => {});
}

/** Aborts so long after the worker's death, or with its orderly end. */
function afterDeath(signal: AbortSignal, milliseconds: number): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => {
    if (signal.reason === ('orderly' satisfies WorkerEnd)) controller.abort();
    else setTimeout(() => controller.abort(), milliseconds).unref();
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return controller.signal;
}

async function awaitInstallation(redis: Redis, signal: AbortSignal): Promise<string> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await installationId(redis);
    } catch {
      // The connection itself says that Redis is away.
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
}
