import { type JobHolder, readHolders, redisTime } from '@conjob/shared';
import type { Redis } from 'ioredis';
import { within } from '../within.ts';
import type { Look } from './observation.ts';

export interface LedgerLook extends Look {
  /** In the order of the ids. */
  readonly holders: readonly (JobHolder | null)[];
}

/**
 * Looks into the ledger, within a time limit: a reaper that waits for Redis reaps nothing. `redis` is a
 * connection that fails at once while Redis is away.
 */
export class LedgerEye {
  readonly #redis: Redis;
  readonly #now: () => number;

  constructor(redis: Redis, now: () => number) {
    this.#redis = redis;
    this.#now = now;
  }

  /** Null when Redis could not be read in time. */
  async look(ids: readonly string[], limitMs: number): Promise<LedgerLook | null> {
    const at = this.#now();
    try {
      const answers = Promise.all([redisTime(this.#redis), readHolders(this.#redis, ids)]);
      const read = await within(limitMs, answers);
      if (read !== undefined) {
        const [redisNow, holders] = read;
        return { at, redisNow, holders };
      }
      // Mute. When the way is free again, a new connection is through at once, and the old one much later.
      this.#redis.disconnect(true);
    } catch {
      // Whoever opened the connection says that Redis is away.
    }
    return null;
  }
}
