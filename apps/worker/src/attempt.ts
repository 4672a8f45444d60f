import { type Claim, FencedError, type JobTimings } from '@conjob/shared';
import { AttemptProgress } from './attempt-progress.ts';
import { type ContainerExit, concludeError, concludeExit, type Outcome } from './conclusion.ts';
import { ContainerMaker } from './container-maker.ts';
import { endedForMs } from './ended-for.ts';
import { type ContainerId, EngineError, isEngineAway, NetworkGoneError } from './engine/engine.ts';
import { JoiningContainer } from './networks/joining-container.ts';
import type { OutputRecorder } from './output/output-recorder.ts';
import { rejoinContainer } from './rejoin-container.ts';
import { type RunOptions, runContainer } from './run-container.ts';
import type { RunJobDependencies } from './run-job.ts';
import type { AttemptSecret } from './secrets/attempt-secret.ts';
import { HandedOverError, isWorkers, type StopSignal } from './stop-reason.ts';

/**
 * One try to run a job, from the image to the outcome. Whatever happens is an outcome, but for
 * {@link FencedError}, and for what leaves the job to others: before the start the `StoppedError` of a
 * shutdown or of a lease that is over, or that the engine is away; after it {@link HandedOverError}.
 */
export class Attempt {
  readonly #deps: RunJobDependencies;
  readonly #claim: Claim;
  readonly #stop: StopSignal;
  readonly #recorder: OutputRecorder;
  readonly #secret: AttemptSecret;
  readonly #progress: AttemptProgress;
  readonly #container: JoiningContainer;
  readonly #maker: ContainerMaker;

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
    const progress = new AttemptProgress(dependencies, claim, stop);
    const container = new JoiningContainer(dependencies, { isKept: !claim.spec.remove });
    const create = container.create.bind(container);
    this.#maker = new ContainerMaker(dependencies, { claim, stop, secret, progress, create });
    this.#progress = progress;
    this.#container = container;
  }

  /** True when there is an ended container to look into. */
  get exited(): boolean {
    return this.#progress.exited;
  }

  get timings(): JobTimings {
    return this.#progress.timings;
  }

  async run(): Promise<Outcome> {
    this.#progress.pass('claimed');
    return this.#conclude(async () => {
      const run = async (container: ContainerId) =>
        runContainer(this.#deps.engine, container, await this.#runOptions(container));
      return this.#container.run(await this.#maker.make(), run);
    });
  }

  /** Goes on with the container of an earlier process, which may have been running for so long. */
  async goOn(container: ContainerId, ranMs: number): Promise<Outcome> {
    this.#progress.resume();
    return this.#conclude(async () => {
      const { engine } = this.#deps;
      // To mask what it writes.
      await this.#secret.openEnv(this.#stop.signal);
      const options = await this.#runOptions(container);
      // Died between the note that it starts the container and the start: it never ran.
      const state = await engine.inspect(container);
      if (state?.status === 'created')
        return runContainer(engine, container, options).catch(throwLostWithNetwork);
      // Also what has ended since: the process before was stopping it.
      this.#progress.hasRun(Math.max(0, ranMs - endedForMs(state)));
      return rejoinContainer(engine, container, options);
    });
  }

  async #conclude(run: () => Promise<ContainerExit>): Promise<Outcome> {
    let exit: ContainerExit | null = null;
    try {
      this.#progress.heed(this.#claim.cancelReason);
      if (!this.#progress.mayHaveStarted) this.#stop.throwIfStopped();
      exit = await run();
      this.#progress.pass('collected');
      return concludeExit(exit, this.#stop.decisive);
    } catch (error) {
      return this.#concludeError(error);
    } finally {
      this.#container.release(exit);
      await this.#progress.end();
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
      onStarted: () => this.#progress.running(),
      onExited: () => this.#progress.ended(),
    };
  }

  async #input(): Promise<Buffer | undefined> {
    if (this.#claim.spec.stdinBytes === null) return undefined;
    return (await this.#deps.attempts.input(this.#claim)) ?? Buffer.alloc(0);
  }

  async #beforeStart(container: ContainerId): Promise<void> {
    this.#stop.throwIfStopped();
    await this.#secret.check();
    await this.#progress.starting(container, this.#maker.facts);
  }

  #concludeError(error: unknown): Outcome {
    if (error instanceof FencedError) throw error;
    const { decisive: reason, signal } = this.#stop;
    const { mayHaveStarted } = this.#progress;
    if (this.#stop.reason === 'fenced') throw new FencedError(this.#claim.id);
    if (mayHaveStarted) {
      // Whatever broke on the way: the next process looks at the container itself.
      if (this.#stop.reason === 'handed-over') throw new HandedOverError(this.#claim.id);
    } else if (reason !== undefined && isWorkers(reason)) {
      // Nothing was started, and this worker goes, or is cut off: another one shall run the job.
      throw signal.reason;
    }
    // Nor here, and others have an engine.
    if (reason === undefined && !mayHaveStarted && isEngineAway(error)) throw error;
    // The reason to stop came first: what broke on the way there is its consequence.
    const outcome = concludeError(reason === undefined ? error : signal.reason);
    if (outcome.error?.code === 'job.internal') {
      const { logger } = this.#deps;
      logger.error({ err: error, job: this.#claim.id }, 'the job failed in ConJob itself');
    }
    return outcome;
  }
}

/**
 * The held network that the container was to join ended with the worker that made it: no doing of the job. Other codes
 * may be about the job's own command.
 */
function throwLostWithNetwork(error: unknown): never {
  if (!(error instanceof NetworkGoneError) || error.code !== 'run.refused') throw error;
  const cause = { cause: error };
  throw new EngineError('worker.lost', 'the network that the container was to join is gone', cause);
}
