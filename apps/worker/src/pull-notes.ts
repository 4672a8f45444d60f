import type { PullProgress } from '@conjob/shared';
import { within } from './within.ts';

/** Engines tell of a pull many times a second. */
const EVERY_MS = 500;

/** Writes down how far a pull is: the latest of it, now and then, one write at a time. */
export class PullNotes {
  readonly #write: (progress: PullProgress) => Promise<void>;
  #latest: PullProgress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** What a write throws, the next step of the attempt will throw too. */
  constructor(write: (progress: PullProgress) => Promise<void>) {
    this.#write = write;
  }

  readonly note = (progress: PullProgress): void => {
    this.#latest = progress;
    this.#timer ??= setTimeout(() => this.#next(), EVERY_MS);
  };

  /** When this resolves, nothing more will be written. A Redis that is away keeps no job here. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#latest = undefined;
    await within(EVERY_MS, this.#writing);
  }

  #next(): void {
    const latest = this.#latest;
    this.#latest = undefined;
    if (latest === undefined) return;
    this.#writing = this.#write(latest)
      .catch(() => {})
      .finally(() => {
        this.#timer = undefined;
        if (this.#latest !== undefined) this.note(this.#latest);
      });
  }
}
