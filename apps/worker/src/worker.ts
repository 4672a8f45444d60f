import {
  Attempts,
  connectPatient,
  disconnect,
  expectWelcome,
  type JobSpec,
  keys,
  type Logger,
  Releasers,
  redisTime,
  reportOutages,
} from '@conjob/shared';
import { Adoption } from './adoption.ts';
import { Background } from './background.ts';
import { ClockSkew } from './clock-skew.ts';
import type { WorkerConfig } from './config.ts';
import { createCrashPoints } from './crash-points.ts';
import { defaultWorkerName } from './default-worker-name.ts';
import { EngineWatch } from './engine-watch.ts';
import { every } from './every.ts';
import { Heartbeat } from './heartbeat.ts';
import { ImageHolds } from './image-holds.ts';
import { installationId } from './installation.ts';
import { Intakes } from './intake/intakes.ts';
import { RunLimit } from './intake/run-limit.ts';
import { Slots } from './intake/slots.ts';
import type { EscapeWarning } from './known-escapes.ts';
import { renewalMs } from './lease.ts';
import { listen } from './listener.ts';
import { createHeldNetworks } from './networks/create-held-networks.ts';
import type { ObtainedImage } from './obtain-image.ts';
import { type OpenEngine, openEngine } from './open-engine.ts';
import { orAbort } from './or-abort.ts';
import { createProcessor } from './processor.ts';
import { noteUses } from './reaper/note-uses.ts';
import { RunningJobs } from './running-jobs.ts';
import { decideSandbox } from './sandbox/decide-sandbox.ts';
import { RuntimeChoice } from './sandbox/runtime-choice.ts';
import { HelperSecretHolder } from './secrets/secret-holder.ts';
import { SecretReader } from './secrets/secret-reader.ts';
import { volumeRemovals } from './volumes/volume-removals.ts';
import { within } from './within.ts';
import { BACKGROUND_MS, WorkerEnd } from './worker-end.ts';
import { type NameTakenError, WorkerName } from './worker-name.ts';
import { workerReport } from './worker-report.ts';
import { WorkerState } from './worker-state.ts';

export { type WorkerConfig, workerConfigSchema } from './config.ts';
export { NameTakenError } from './worker-name.ts';

const REDIS_RELEASE_MS = 1_000;

export interface RunningWorker {
  readonly name: string;
  /**
   * Resolves when another process has the name, since this one was silent for too long. Everything
   * that ran here is that one's now: this process must end, at once and without closing.
   */
  readonly lost: Promise<NameTakenError>;
  /** Holes that its engine is known for: for whoever started it to tell of. */
  readonly escapes: readonly EscapeWarning[];
  /** Takes no more jobs, lets running ones end within the grace period, stops the rest. */
  close(): Promise<void>;
  /**
   * The same, but leaves the rest running for the next process, which adopts it. Takes ten seconds more
   * than the grace period at most, whatever does not answer.
   */
  handOver(): Promise<void>;
  /** While closing: stops all jobs, and containers get a second at most. */
  hurry(): void;
}

/**
 * Starts a worker and returns when it takes jobs. `signal` gives up waiting for an engine; `open` says which
 * one that is.
 */
export async function startWorker(
  config: WorkerConfig,
  logger: Logger,
  signal: AbortSignal,
  open: OpenEngine = openEngine,
): Promise<RunningWorker> {
  const releasers = new Releasers();
  try {
    const opened = await open(config, logger, signal);
    const { engine, upkeep, helpers, described } = opened;
    const { id, version } = described;
    const redis = connectPatient(config.redis);
    reportOutages(redis, logger);
    releasers.push(() => disconnect(redis));
    await orAbort(signal, expectWelcome(redis));

    const state = new WorkerState((shown) => {
      const isReady = shown.state === 'ready';
      const isAskedFor = shown.state === 'draining' || state.holds('shutting-down');
      const level = isReady || isAskedFor ? 'info' : 'warn';
      logger[level](shown, isReady ? 'taking jobs' : 'taking no jobs');
      if (isReady) intakes.resume();
      else intakes.hold();
      if (isReady) networks.resume();
      else networks.pause();
      heartbeat.now();
    });
    const slots = new Slots(config.concurrency);
    const runLimit = new RunLimit();
    releasers.push(async () => runLimit.end());
    const skew = new ClockSkew(logger);
    // Commands wait for Redis for ever: without it, only the signal ends the start.
    const { redisNow: startedAt } = await orAbort(
      signal,
      skew.measure(async () => ({ redisNow: await redisTime(redis) })),
    );
    const { labels } = config;
    const host = () => engineWatch?.description ?? described;
    let engineWatch: EngineWatch | undefined;
    const { sandbox: settings, choosesRuntime: isFree } = config;
    const runtime = new RuntimeChoice({ settings, isFree, host, logger });
    const about = { labels, engine: { id, version }, startedAt, slots, state, skew, runtime };
    const name = new WorkerName({
      redis,
      name: config.name ?? defaultWorkerName(id),
      leaseMs: config.leaseMs,
      report: () => workerReport({ ...about, name: name.name, networks }),
    });
    const installation = await orAbort(signal, installationId(redis));
    const owner = { installation, worker: name.name };
    const networks = createHeldNetworks(config, { engine, helpers, owner, logger });
    state.drained((await orAbort(signal, name.take(signal))).drained);
    /** Closers that ask Redis, which may be gone: then what they release runs out by itself. */
    const pushWithRedis = (release: () => Promise<void>) =>
      releasers.push(async () => void (await within(REDIS_RELEASE_MS, release())));
    pushWithRedis(async () => {
      await name.giveBack();
      // Whoever shares the engine may have to adopt what this one leaves.
      await redis.publish(keys.workerNews, name.name);
    });

    const attempts = new Attempts(redis, { worker: name.name, leaseMs: config.leaseMs });
    const running = new RunningJobs(attempts, logger);
    const warn = (what: string) => (error: unknown) => logger.warn({ err: error }, what);
    const lost = Promise.withResolvers<NameTakenError>();
    pushWithRedis(every(renewalMs(config.leaseMs), () => running.renewLeases(), warn('leases')));
    const background = new Background(config.concurrency);
    releasers.push(async () => void (await within(BACKGROUND_MS, networks.end())));
    const { secretKeysFolder: keysFolder } = config;
    const secrets = new SecretReader({ redis, keysFolder, logger });
    await secrets.check();
    const dependencies = {
      engine,
      networks,
      attempts,
      running,
      logger,
      background,
      secrets,
      secretHolder: new HelperSecretHolder(engine, helpers),
      crashPoints: createCrashPoints(config.crash),
      imageHolds: new ImageHolds(),
      noteUses: noteUses(redis, id, logger),
      onEngineAway: () => engineWatch?.reportAway(),
      onEngineFull: () => engineWatch?.reportFull(),
      defaults: {
        installation,
        worker: name.name,
        maxOutputBytes: config.maxOutputBytes,
        leaseMs: config.leaseMs,
      },
      images: config.images,
      sandboxOf: (spec: JobSpec, image: ObtainedImage) =>
        decideSandbox(spec, image, host(), runtime.settings),
    };
    const intakes = new Intakes({
      redis,
      name: name.name,
      labels,
      slots,
      runLimit,
      leaseMs: config.leaseMs,
      process: createProcessor(dependencies),
      logger,
    });
    const heartbeat = new Heartbeat({
      everyMs: renewalMs(config.leaseMs),
      name,
      skew,
      state,
      slots,
      intakes,
      file: config.heartbeatFile,
      onLost: lost.resolve,
      logger,
    });
    pushWithRedis(() => heartbeat.end());
    const onNews = (of: string): void => {
      if (of === name.name) heartbeat.now();
      else if (of === '') intakes.refresh().catch(warn('placements'));
      else adoption.onLeft();
    };
    const onCancel = (job: string): void => running.stop(job, 'cancelled');
    const volumes = { engine, upkeep, installation, redis, worker: name.name, background, logger };
    const heard = {
      [keys.cancels]: onCancel,
      [keys.workerNews]: onNews,
      [keys.places]: () => runLimit.news(),
      [keys.volumeRemovals]: volumeRemovals(volumes),
    };
    releasers.push(listen(config.redis, heard, logger));
    const watch = new EngineWatch(engine, state, logger);
    engineWatch = watch;
    releasers.push(() => watch.end());

    const onAdopted = (job: Promise<void>) => intakes.keepSlots([job]);
    const adoption = new Adoption({ ...dependencies, redis, onAdopted });
    const graceMs = config.shutdownGraceMs;
    const end = new WorkerEnd({ releasers, state, running, background, redis, graceMs });
    releasers.push(() => end.settle([intakes, adoption]));
    // First of all: the containers of the process before live only as long as their leases.
    await orAbort(signal, adoption.begin());
    const escapes = await opened.check(signal);
    await orAbort(signal, runtime.make({ engine, helpers, owner }));
    // Jobs that were adopted have theirs; nobody has to wait for the rest to be cleared away.
    void networks.begin();
    await orAbort(signal, intakes.refresh());
    await orAbort(signal, intakes.ready());
    state.over('starting');
    const started = { worker: name.name, engine: version, slots: slots.total, labels };
    const { reason } = state.shown;
    if (reason === null) logger.info(started, 'worker is ready');
    else logger.info({ ...started, reason }, 'worker has started, and takes no jobs');
    return {
      name: name.name,
      lost: lost.promise,
      escapes,
      close: () => end.close(),
      handOver: () => end.handOver(),
      hurry: () => end.hurry(),
    };
  } catch (error) {
    await releasers.releaseAll();
    throw error;
  }
}
