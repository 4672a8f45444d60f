import type { Logger } from '@conjob/shared';

/** Delays of put off deliveries, and what the logs say, are off by as much. */
const WORTH_A_WARNING_MS = 5_000;
/** An answer that took longer says nothing about clocks: Redis was away, or this process busy. */
const MAX_ROUND_TRIP_MS = 1_000;

/** How far this machine's clock is ahead of that of Redis. Nothing is decided by it. */
export class ClockSkew {
  readonly #logger: Logger;
  #ms = 0;
  #hasWarned = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get ms(): number {
    return this.#ms;
  }

  /** Asks for the time of Redis, which was read half way between question and answer; returns it. */
  async measure<T extends { readonly redisNow: number }>(ask: () => Promise<T>): Promise<T> {
    const askedAt = Date.now();
    const asked = performance.now();
    const answer = await ask();
    const roundTripMs = performance.now() - asked;
    if (roundTripMs <= MAX_ROUND_TRIP_MS) {
      this.#note(Math.round(askedAt + roundTripMs / 2 - answer.redisNow));
    }
    return answer;
  }

  #note(ms: number): void {
    this.#ms = ms;
    if (Math.abs(ms) <= WORTH_A_WARNING_MS || this.#hasWarned) return;
    this.#hasWarned = true;
    const side = ms > 0 ? 'ahead of' : 'behind';
    this.#logger.warn(
      { clockSkewMs: ms },
      `the clock of this machine is ${Math.round(Math.abs(ms) / 1000)} seconds ${side} that of Redis`,
    );
  }
}
