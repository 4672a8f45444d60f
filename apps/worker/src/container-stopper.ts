import type { ContainerId, Engine } from './engine/engine.ts';
import type { OutputRecorder } from './output/output-recorder.ts';
import type { StopSignal } from './stop-reason.ts';

export interface StopOptions {
  readonly stop: StopSignal;
  readonly recorder: OutputRecorder;
  readonly killTimeoutSeconds: number;
}

/** What is left of the grace when somebody is in a hurry. */
const HURRIED_SECONDS = 1;

/** Stops a running container when its job is told to stop: gently first, and once more in a hurry. */
export class ContainerStopper {
  readonly #engine: Engine;
  readonly #id: ContainerId;
  readonly #options: StopOptions;
  readonly #failure = Promise.withResolvers<never>();

  constructor(engine: Engine, id: ContainerId, options: StopOptions) {
    this.#engine = engine;
    this.#id = id;
    this.#options = options;
    this.failed.catch(() => {});
  }

  /** Rejects when the container could not, or must not, be stopped; pending otherwise. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  /** From now on the container can be stopped; at once, when there is a reason already. */
  arm(): void {
    const { signal, hurried } = this.#options.stop;
    if (signal.aborted) this.#stop();
    else signal.addEventListener('abort', this.#stop, { once: true });
    hurried.addEventListener('abort', this.#hurry, { once: true });
  }

  release(): void {
    const { signal, hurried } = this.#options.stop;
    signal.removeEventListener('abort', this.#stop);
    hurried.removeEventListener('abort', this.#hurry);
  }

  /** Of two stops the engine heeds both, so the shorter one ends it. */
  readonly #hurry = (): void => {
    if (this.#options.stop.signal.aborted) this.#stop();
  };

  readonly #stop = (): void => {
    const { recorder, stop, killTimeoutSeconds } = this.#options;
    const isHurried = stop.hurried.aborted;
    const graceSeconds = isHurried
      ? Math.min(HURRIED_SECONDS, killTimeoutSeconds)
      : killTimeoutSeconds;
    // A reader that waits while its container is stopped hangs the engine (moby#41827).
    recorder.stopBlocking();
    // The container may be another process's by now: letting go is all that is allowed.
    if (stop.reason === 'fenced') this.#failure.reject(stop.signal.reason);
    else this.#engine.stop(this.#id, graceSeconds).catch(this.#failure.reject);
  };
}
