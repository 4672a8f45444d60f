import {
  type AdoptedClaim,
  type AttemptFacts,
  type AttemptStep,
  type Attempts,
  type Claim,
  type JobPhase,
  type JobTimings,
  NO_TIMINGS,
} from '@conjob/shared';
import type { CrashPoint, CrashPoints } from './crash-points.ts';
import type { ContainerId } from './engine/engine.ts';
import { PassingPhase } from './passing-phase.ts';
import type { StopSignal } from './stop-reason.ts';
import { Stopwatch } from './stopwatch.ts';

/** A job that runs for so long may be looked at: only then is it written down how long its start has taken. */
const LASTING_RUN_MS = 250;

export interface AttemptProgressDependencies {
  readonly attempts: Attempts;
  readonly crashPoints: CrashPoints;
}

/**
 * How far an attempt has come. Each step is told to the ledger, which may answer that the job was cancelled,
 * to the stopwatch, and to the crash points; the time that the job may run is counted from its start.
 */
export class AttemptProgress {
  readonly #deps: AttemptProgressDependencies;
  readonly #claim: Claim;
  readonly #stop: StopSignal;
  readonly #watch: Stopwatch;
  readonly #phase = new PassingPhase();
  #mayHaveStarted = false;
  #ranMs = 0;
  #started = false;
  /** Since before this process had it: what passes from here on is time of the run. */
  #isRunning = false;
  #exited = false;
  #deadline: NodeJS.Timeout | undefined;

  constructor(
    dependencies: AttemptProgressDependencies,
    claim: Claim | AdoptedClaim,
    stop: StopSignal,
  ) {
    this.#deps = dependencies;
    this.#claim = claim;
    this.#stop = stop;
    const { queueMs } = claim;
    this.#watch = new Stopwatch(
      'knownTimings' in claim ? claim.knownTimings : { ...NO_TIMINGS, queueMs },
    );
  }

  /** From then on the job is never started again by itself. */
  get mayHaveStarted(): boolean {
    return this.#mayHaveStarted;
  }

  /** True when there is an ended container to look into. */
  get exited(): boolean {
    return this.#exited;
  }

  get timings(): JobTimings {
    return this.#watch.timings;
  }

  pass(point: CrashPoint): void {
    this.#deps.crashPoints(point, this.#claim.spec);
  }

  heed(cancelReason: string): void {
    if (cancelReason !== '') this.#stop.stop('cancelled');
  }

  /** Each write takes the times along that are known by then. */
  async advance(step: AttemptStep, phase: JobPhase, facts: AttemptFacts = {}): Promise<void> {
    const all = { ...facts, timings: this.timings };
    this.heed(await this.#deps.attempts.advance(this.#claim, step, phase, all));
  }

  pulled(): void {
    this.#watch.lap('pullMs');
    this.pass('pulled');
  }

  /** Says that the container is being created, if that takes long. */
  async creating<T>(create: () => Promise<T>): Promise<T> {
    this.#phase.begin(() => this.advance('claimed', 'creating'));
    try {
      return await create();
    } finally {
      await this.#phase.end();
    }
  }

  /** To be awaited before the engine is asked to start the container. Throws when that must not happen. */
  async starting(containerId: ContainerId, facts: AttemptFacts): Promise<void> {
    this.#mayHaveStarted = true;
    await this.advance('started', 'running', { containerId, ...facts });
    this.pass('started');
    this.#stop.throwIfStopped();
  }

  /** Goes on with a container that an earlier process may have started, and that has run for so long. */
  resume(): void {
    this.#mayHaveStarted = true;
  }

  hasRun(ranMs: number): void {
    this.#ranMs = ranMs;
    this.#isRunning = true;
    this.#watch.add('runMs', ranMs);
    if (this.#remainingMs === 0) this.#stop.stop('timed-out');
  }

  running(): void {
    if (this.#started) return;
    this.#started = true;
    this.pass('running');
    if (!this.#isRunning) this.#watch.lap('createMs');
    this.#phase.begin(() => this.advance('started', 'running'), LASTING_RUN_MS);
    this.#deadline = setTimeout(() => this.#stop.stop('timed-out'), this.#remainingMs);
  }

  ended(): void {
    // Collecting the output is not the job's time.
    clearTimeout(this.#deadline);
    // Whoever wants to stop it from now on comes too late.
    this.#stop.noteExit();
    if (this.#exited) return;
    this.pass('exited');
    this.#watch.lap('runMs');
    this.#exited = true;
    this.#phase.begin(() => this.advance('exited', 'collecting'));
  }

  /** The attempt is over. When this resolves, nothing more will be written of it. */
  async end(): Promise<void> {
    clearTimeout(this.#deadline);
    await this.#phase.end();
  }

  get #remainingMs(): number {
    return Math.max(0, this.#claim.spec.timeoutSeconds * 1000 - this.#ranMs);
  }
}
