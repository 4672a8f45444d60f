import { setTimeout as sleep } from 'node:timers/promises';
import { isEngineAway } from './engine/engine.ts';
import { letsGo, type StopSignal } from './stop-reason.ts';

/** How long an engine may be away before its containers are given up. */
const PATIENCE_MS = 60_000;
/** The same for a job that is to be stopped: whoever waits for that has waited long enough. */
const STOPPED_PATIENCE_MS = 3_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 2_000;

/** How long one attempt waits for an engine that is away, and how often it asks. */
export class EnginePatience {
  readonly #stop: StopSignal;
  #lastContact = performance.now();
  #pauseMs = FIRST_RETRY_MS;

  constructor(stop: StopSignal) {
    this.#stop = stop;
  }

  /** The engine has answered. */
  noteContact(): void {
    this.#lastContact = performance.now();
  }

  /** Resolves when it is time for the next try. Throws `error` when that is something else, or there is to be none. */
  async next(error: unknown): Promise<void> {
    const { reason } = this.#stop;
    if (!isEngineAway(error) || letsGo(reason)) throw error;
    const patienceMs = reason === undefined ? PATIENCE_MS : STOPPED_PATIENCE_MS;
    if (performance.now() - this.#lastContact > patienceMs) throw error;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * 2, LAST_RETRY_MS);
    await sleepUnlessStopped(pauseMs, this.#stop);
  }
}

/** A stop ends the sleep that it comes into; later ones take their time. */
async function sleepUnlessStopped(milliseconds: number, { signal }: StopSignal): Promise<void> {
  const abort = signal.aborted ? {} : { signal };
  await sleep(milliseconds, undefined, abort).catch(() => {});
}
