import { redisTime } from '@conjob/shared';
import type { Redis } from 'ioredis';

/** More are not remembered, oldest first: what is forgotten is never removed. */
const MAX_MEMBERS = 10_000;
/** Of an engine that is not used any more. */
const EXPIRY_SECONDS = 90 * 86_400;

const NOTE = `
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1] * 1000, ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
`;

export interface Use {
  readonly name: string;
  /** How long ago, by the clock of Redis, which also noted it. */
  readonly agoMs: number;
}

/** When jobs last used things of an engine. All workers of an engine write it, and its reapers read it. */
export class UseLog {
  readonly #redis: Redis;
  readonly #key: string;

  constructor(redis: Redis, key: string) {
    this.#redis = redis;
    this.#key = key;
  }

  async note(name: string): Promise<void> {
    await this.#redis.eval(NOTE, 1, this.#key, name, MAX_MEMBERS, EXPIRY_SECONDS);
  }

  async read(): Promise<Use[]> {
    const [now, members] = await Promise.all([
      redisTime(this.#redis),
      this.#redis.zrange(this.#key, '0', '-1', 'WITHSCORES'),
    ]);
    return members.flatMap((name, index) => {
      const isScore = index % 2 === 1;
      return isScore ? [] : [{ name, agoMs: now - Number(members[index + 1]) }];
    });
  }

  async forget(names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.#redis.zrem(this.#key, ...names);
  }
}
