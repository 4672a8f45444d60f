import type { ClaimOutcome } from '@conjob/shared';

/** Even when nobody says that a place is free, somebody looks: what is said may be missed. */
const LOOK_AGAIN_MS = 1_000;

/**
 * How many jobs this worker may take as far as the limit goes that all workers share. Only the ledger knows
 * that limit, and how many jobs run, and it answers with each claim. So this is no number that anybody keeps
 * up to date, but what was learned from the answers:
 *
 * - as long as no claim was held back, there is no limit;
 * - after one that was, nothing is taken until there is news of a place;
 * - then one is tried, and after each that succeeds twice as many as before.
 */
export class RunLimit {
  readonly #listeners: (() => void)[] = [];
  readonly #lookAgainMs: number;
  #allowed = Number.POSITIVE_INFINITY;
  /** Taken, and not answered yet. */
  #asking = 0;
  #news = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(lookAgainMs = LOOK_AGAIN_MS) {
    this.#lookAgainMs = lookAgainMs;
  }

  get free(): number {
    return Math.max(0, this.#allowed - this.#asking);
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** A job was taken. Returns what to call, once, with the answer to its claim; null: there was none. */
  ask(): (kind: ClaimOutcome['kind'] | null) => void {
    const news = this.#news;
    this.#asking += 1;
    this.#change();
    let isOpen = true;
    return (kind) => {
      if (!isOpen) return;
      isOpen = false;
      this.#asking -= 1;
      if (kind === 'claimed') this.#allowed *= 2;
      // What was said since then may be of a place that became free after the answer.
      if (kind === 'held-back') this.#allow(this.#news === news ? 0 : 1);
      this.#change();
    };
  }

  /** A place may be free. */
  news(): void {
    this.#news += 1;
    if (this.#allowed > 0) return;
    this.#allow(1);
    this.#change();
  }

  /** Looks no more. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #allow(count: number): void {
    clearTimeout(this.#timer);
    this.#allowed = count;
    if (count === 0) this.#timer = setTimeout(() => this.news(), this.#lookAgainMs).unref();
  }

  #change(): void {
    for (const listener of this.#listeners) listener();
  }
}
