import {
  type AttemptFacts,
  type Attempts,
  type Claim,
  FencedError,
  type JobTimings,
} from '@conjob/shared';
import { type ContainerExit, concludeError, concludeExit, type Outcome } from './conclusion.ts';
import { containerSpec } from './container-spec.ts';
import type { CrashPoint } from './crash-points.ts';
import { endedForMs } from './ended-for.ts';
import { type ContainerId, EngineError, isEngineAway } from './engine/engine.ts';
import { JoiningContainer } from './networks/joining-container.ts';
import { type ObtainedImage, obtainImage } from './obtain-image.ts';
import type { OutputRecorder } from './output/output-recorder.ts';
import { PassingPhase } from './passing-phase.ts';
import { PullNotes } from './pull-notes.ts';
import { refuseImage } from './refuse-image.ts';
import { rejoinContainer } from './rejoin-container.ts';
import { type RunOptions, runContainer } from './run-container.ts';
import type { RunJobDependencies } from './run-job.ts';
import type { AttemptSecret } from './secrets/attempt-secret.ts';
import { HandedOverError, isWorkers, type StopSignal } from './stop-reason.ts';
import { Stopwatch } from './stopwatch.ts';

/** How often an image is fetched that somebody removes before there is a container of it. */
const IMAGE_TRIES = 5;
const IMAGE_REMOVED = 'the image was removed again and again before a container was made of it';

/**
 * One try to run a job, from the image to the outcome, and what its steps share. Whatever happens is
 * an outcome, but for {@link FencedError}, and for what leaves the job to others: before the start the
 * `StoppedError` of a shutdown or of a lease that is over, or that the engine is away; after it
 * {@link HandedOverError}.
 */
export class Attempt {
  readonly #deps: RunJobDependencies;
  readonly #claim: Claim;
  readonly #stop: StopSignal;
  readonly #recorder: OutputRecorder;
  readonly #secret: AttemptSecret;
  readonly #watch: Stopwatch;
  readonly #container: JoiningContainer;
  #mayHaveStarted = false;
  #ranMs = 0;
  #started = false;
  #exited = false;
  #deadline: NodeJS.Timeout | undefined;
  readonly #phase = new PassingPhase();
  /** What is known of the container before it is started. */
  #facts: AttemptFacts = {};

  constructor(
    dependencies: RunJobDependencies,
    claim: Claim,
    stop: StopSignal,
    recorder: OutputRecorder,
    secret: AttemptSecret,
  ) {
    this.#deps = dependencies;
    this.#claim = claim;
    this.#stop = stop;
    this.#recorder = recorder;
    this.#secret = secret;
    this.#watch = new Stopwatch(claim.queueMs);
    this.#container = new JoiningContainer(dependencies);
  }

  /** True when there is an ended container to look into. */
  get exited(): boolean {
    return this.#exited;
  }

  get timings(): JobTimings {
    return this.#watch.timings;
  }

  async run(): Promise<Outcome> {
    this.#pass('claimed');
    return this.#conclude(async () => {
      const run = async (container: ContainerId) =>
        runContainer(this.#deps.engine, container, await this.#runOptions(container));
      return this.#container.run(await this.#create(), run);
    });
  }

  /** Goes on with the container of an earlier process, which may have been running for so long. */
  async goOn(container: ContainerId, ranMs: number): Promise<Outcome> {
    this.#mayHaveStarted = true;
    return this.#conclude(async () => {
      const { engine } = this.#deps;
      const options = await this.#runOptions(container);
      // Died between the note that it starts the container and the start: it never ran.
      const state = await engine.inspect(container);
      if (state?.status === 'created') return runContainer(engine, container, options);
      this.#ranMs = Math.max(0, ranMs - endedForMs(state));
      this.#watch.add('runMs', this.#ranMs);
      // Also what has ended since: the process before was stopping it.
      if (this.#remainingMs === 0) this.#stop.stop('timed-out');
      return rejoinContainer(engine, container, options);
    });
  }

  async #conclude(run: () => Promise<ContainerExit>): Promise<Outcome> {
    let exit: ContainerExit | null = null;
    try {
      this.#heed(this.#claim.cancelReason);
      if (!this.#mayHaveStarted) this.#stop.throwIfStopped();
      exit = await run();
      this.#pass('collected');
      return concludeExit(exit, this.#stop.decisive);
    } catch (error) {
      return this.#concludeError(error);
    } finally {
      this.#container.release(exit);
      clearTimeout(this.#deadline);
      await this.#phase.end();
    }
  }

  async #runOptions(container: ContainerId): Promise<RunOptions> {
    return {
      input: await this.#input(),
      recorder: this.#recorder,
      stop: this.#stop,
      killTimeoutSeconds: this.#claim.spec.killTimeoutSeconds,
      beforeStart: () => this.#beforeStart(container),
      afterStart: () => this.#secret.check(),
      onStarted: () => this.#onStarted(),
      onExited: () => this.#onExited(),
    };
  }

  #create(): Promise<ContainerId> {
    const { imageHolds } = this.#deps;
    return imageHolds.hold(this.#claim.spec.image, () => this.#createOnceObtained());
  }

  async #createOnceObtained(): Promise<ContainerId> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#createOf(await this.#obtainImage());
      } catch (error) {
        // A reaper, a worker beside this one or an operator may have removed the image in between.
        const wasRemoved = error instanceof EngineError && error.code === 'image.not_local';
        if (!wasRemoved || this.#claim.spec.pull === 'never') throw error;
        if (tries === IMAGE_TRIES) throw new EngineError('engine.failed', IMAGE_REMOVED);
      }
    }
  }

  async #obtainImage(): Promise<ObtainedImage> {
    const { engine, images } = this.#deps;
    const { spec } = this.#claim;
    refuseImage(spec.image, images);
    const notes = new PullNotes((progress) => this.#advance('claimed', 'pulling', { progress }));
    const { signal } = this.#stop;
    const image = await obtainImage(engine, spec, signal, notes.note).finally(() => notes.end());
    this.#watch.lap('pullMs');
    this.#pass('pulled');
    return image;
  }

  async #createOf(image: ObtainedImage): Promise<ContainerId> {
    const { defaults } = this.#deps;
    const sandbox = this.#deps.sandboxOf(this.#claim.spec, image);
    this.#phase.begin(() => this.#advance('claimed', 'creating'));
    try {
      const secret = await this.#secret.give(this.#stop.signal);
      this.#facts = { imageDigest: image.digest, sandbox, secretVersion: secret?.version ?? '' };
      const spec = containerSpec(this.#claim, image.id, sandbox, defaults, secret?.mount);
      this.#deps.noteUses(spec);
      const container = await this.#container.create(spec);
      this.#pass('created');
      return container;
    } finally {
      await this.#phase.end();
    }
  }

  async #input(): Promise<Buffer | undefined> {
    if (this.#claim.spec.stdinBytes === null) return undefined;
    return (await this.#deps.attempts.input(this.#claim)) ?? Buffer.alloc(0);
  }

  async #beforeStart(containerId: ContainerId): Promise<void> {
    this.#stop.throwIfStopped();
    await this.#secret.check();
    // From the moment that this is written, the job is never started again by itself.
    this.#mayHaveStarted = true;
    await this.#advance('started', 'running', { containerId, ...this.#facts });
    this.#pass('started');
    this.#stop.throwIfStopped();
  }

  #onStarted(): void {
    if (this.#started) return;
    this.#started = true;
    this.#pass('running');
    this.#watch.lap('createMs');
    this.#deadline = setTimeout(() => this.#stop.stop('timed-out'), this.#remainingMs);
  }

  #onExited(): void {
    // Collecting the output is not the job's time.
    clearTimeout(this.#deadline);
    // Whoever wants to stop it from now on comes too late.
    this.#stop.noteExit();
    if (this.#exited) return;
    this.#pass('exited');
    this.#watch.lap('runMs');
    this.#exited = true;
    this.#phase.begin(() => this.#advance('exited', 'collecting'));
  }

  async #advance(...progress: Progress): Promise<void> {
    this.#heed(await this.#deps.attempts.advance(this.#claim, ...progress));
  }

  get #remainingMs(): number {
    return Math.max(0, this.#claim.spec.timeoutSeconds * 1000 - this.#ranMs);
  }

  #pass(point: CrashPoint): void {
    this.#deps.crashPoints(point, this.#claim.spec);
  }

  #heed(cancelReason: string): void {
    if (cancelReason !== '') this.#stop.stop('cancelled');
  }

  #concludeError(error: unknown): Outcome {
    if (error instanceof FencedError) throw error;
    const { decisive: reason, signal } = this.#stop;
    if (this.#stop.reason === 'fenced') throw new FencedError(this.#claim.id);
    if (this.#mayHaveStarted) {
      // Whatever broke on the way: the next process looks at the container itself.
      if (this.#stop.reason === 'handed-over') throw new HandedOverError(this.#claim.id);
    } else if (reason !== undefined && isWorkers(reason)) {
      // Nothing was started, and this worker goes, or is cut off: another one shall run the job.
      throw signal.reason;
    }
    // Nor here, and others have an engine.
    if (reason === undefined && !this.#mayHaveStarted && isEngineAway(error)) throw error;
    // The reason to stop came first: what broke on the way there is its consequence.
    const outcome = concludeError(reason === undefined ? error : signal.reason);
    if (outcome.error?.code === 'job.internal') {
      const { logger } = this.#deps;
      logger.error({ err: error, job: this.#claim.id }, 'the job failed in ConJob itself');
    }
    return outcome;
  }
}

type Progress = Parameters<Attempts['advance']> extends [Claim, ...infer Rest] ? Rest : never;
