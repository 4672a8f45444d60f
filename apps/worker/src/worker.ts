import {
  Attempts,
  connectPatient,
  disconnect,
  expectWelcome,
  type Logger,
  Releasers,
  reportOutages,
} from '@conjob/shared';
import { Adoption } from './adoption.ts';
import { askingRedis } from './asking-redis.ts';
import type { WorkerConfig } from './config.ts';
import { createJobDependencies } from './create-job-dependencies.ts';
import { EngineWatch } from './engine-watch.ts';
import { every } from './every.ts';
import { Heartbeat } from './heartbeat.ts';
import { Intakes } from './intake/intakes.ts';
import { RunLimit } from './intake/run-limit.ts';
import { Slots } from './intake/slots.ts';
import type { EscapeWarning } from './known-escapes.ts';
import { renewalMs } from './lease.ts';
import { listen } from './listener.ts';
import { type OpenEngine, openEngine } from './open-engine.ts';
import { orAbort } from './or-abort.ts';
import { createProcessor } from './processor.ts';
import { RunningJobs } from './running-jobs.ts';
import { sayStarted, sayState } from './say-state.ts';
import { within } from './within.ts';
import { BACKGROUND_MS, WorkerEnd } from './worker-end.ts';
import { joinInstallation } from './worker-membership.ts';
import type { NameTakenError } from './worker-name.ts';
import { newsHandlers } from './worker-news.ts';
import { WorkerState } from './worker-state.ts';

export { type WorkerConfig, workerConfigSchema } from './config.ts';
export { NameTakenError } from './worker-name.ts';

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
    const { leaseMs, labels, shutdownGraceMs: graceMs } = config;
    const opened = await open(config, logger, signal);
    const { engine, upkeep, helpers, described } = opened;
    const redis = connectPatient(config.redis);
    reportOutages(redis, logger);
    releasers.push(() => disconnect(redis));
    await orAbort(signal, expectWelcome(redis));

    const state = new WorkerState(({ state: shown }) => {
      sayState(state, logger);
      if (shown === 'ready') intakes.resume();
      else intakes.hold();
      if (shown === 'ready') networks.resume();
      else networks.pause();
      heartbeat.now();
    });
    const slots = new Slots(config.concurrency);
    const runLimit = new RunLimit();
    releasers.push(async () => runLimit.end());
    let engineWatch: EngineWatch | undefined;
    const host = () => engineWatch?.description ?? described;
    const shared = { opened, host, redis, releasers, logger };
    const membership = await joinInstallation(config, { ...shared, state, slots, signal });
    const { owner, skew, runtime, networks } = membership;
    const { installation, worker } = owner;

    const attempts = new Attempts(redis, { worker, leaseMs });
    const running = new RunningJobs(attempts, logger);
    const warn = (error: unknown) => logger.warn({ err: error }, 'leases');
    const endRenewals = every(renewalMs(leaseMs), () => running.renewLeases(), warn);
    releasers.push(askingRedis(endRenewals));
    releasers.push(async () => void (await within(BACKGROUND_MS, networks.end())));
    const onEngineAway = () => engineWatch?.reportAway();
    const onEngineFull = () => engineWatch?.reportFull();
    const dependencies = await createJobDependencies(config, {
      ...shared,
      ...membership,
      attempts,
      running,
      onEngineAway,
      onEngineFull,
    });
    const { background } = dependencies;
    const intakes = new Intakes({
      redis,
      name: worker,
      labels,
      slots,
      runLimit,
      leaseMs,
      process: createProcessor(dependencies),
      logger,
    });
    const lost = Promise.withResolvers<NameTakenError>();
    const heartbeat = new Heartbeat({
      everyMs: renewalMs(leaseMs),
      name: membership.name,
      skew,
      state,
      slots,
      intakes,
      file: config.heartbeatFile,
      onLost: lost.resolve,
      logger,
    });
    releasers.push(askingRedis(() => heartbeat.end()));
    const onAdopted = (job: Promise<void>) => intakes.keepSlots([job]);
    const adoption = new Adoption({ ...dependencies, redis, onAdopted });
    const volumes = { engine, upkeep, installation, redis, worker, background, logger };
    const moving = { running, runLimit, heartbeat, intakes, adoption };
    const heard = newsHandlers({ ...moving, volumes, logger });
    releasers.push(listen(config.redis, heard, logger));
    const watch = new EngineWatch(engine, state, logger);
    engineWatch = watch;
    releasers.push(() => watch.end());

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
    sayStarted(state, { worker, engine: described.version, slots: slots.total, labels }, logger);
    return {
      name: worker,
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
