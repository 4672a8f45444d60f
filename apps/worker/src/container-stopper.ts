import type { ContainerId, Engine } from './engine/engine.ts';
import type { OutputRecorder } from './output/output-recorder.ts';
import { letsGo, type StopSignal } from './stop-reason.ts';

export interface StopOptions {
  readonly stop: StopSignal;
  readonly recorder: OutputRecorder;
  readonly killTimeoutSeconds: number;
}

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
    const { signal, urgencies } = this.#options.stop;
    if (signal.aborted) this.#stop();
    else signal.addEventListener('abort', this.#stop, { once: true });
    for (const urgency of urgencies) {
      urgency.addEventListener('abort', this.#stopSooner, { once: true });
    }
  }

  release(): void {
    const { signal, urgencies } = this.#options.stop;
    signal.removeEventListener('abort', this.#stop);
    for (const urgency of urgencies) urgency.removeEventListener('abort', this.#stopSooner);
  }

  /** Of two stops the engine heeds both, so the shorter one ends it. */
  readonly #stopSooner = (): void => {
    if (this.#options.stop.signal.aborted) this.#stop();
  };

  readonly #stop = (): void => {
    const { recorder, stop, killTimeoutSeconds } = this.#options;
    // A reader that waits while its container is stopped hangs the engine (moby#41827).
    recorder.stopBlocking();
    if (letsGo(stop.reason)) this.#failure.reject(stop.signal.reason);
    else {
      const graceSeconds = stop.graceSeconds(killTimeoutSeconds);
      this.#engine.stop(this.#id, graceSeconds).catch(this.#failure.reject);
    }
  };
}
