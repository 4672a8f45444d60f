import { setTimeout as sleep } from 'node:timers/promises';
import { durabilityFault, type Logger, redisRefusal } from '@conjob/shared';
import type { Redis } from 'ioredis';

const ANSWER_WITHIN_MS = 1000;
/** The settings of Redis change rarely: they are not asked for with every probe. */
const DURABILITY_KEPT_MS = 5000;

interface Dependencies {
  readonly redis: Redis;
  readonly events: { readonly isFollowing: boolean };
  readonly logger: Logger;
}

/** Whether this process should get requests. */
export class Readiness {
  readonly #dependencies: Dependencies;
  #draining = false;
  #durability: { readonly fault: string | null; readonly until: number } | undefined;
  #lastFault: string | null = null;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** From now on: not ready, since this process shuts down. */
  drain(): void {
    this.#draining = true;
  }

  /** Why not; null when it is ready. */
  async fault(): Promise<string | null> {
    if (this.#draining) return 'This process is shutting down.';
    const fault = await this.#redisFault();
    if (fault !== this.#lastFault) {
      this.#lastFault = fault;
      if (fault === null) this.#dependencies.logger.info('ready');
      else this.#dependencies.logger.warn({ reason: fault }, 'not ready');
    }
    return fault;
  }

  async #redisFault(): Promise<string | null> {
    const { redis, events } = this.#dependencies;
    if (redis.status !== 'ready') return 'Redis can not be reached.';
    try {
      const fault = await within(ANSWER_WITHIN_MS, this.#ask(redis));
      if (fault !== null) return fault;
    } catch (error) {
      return redisRefusal(error) ?? `Redis does not answer: ${(error as Error).message}`;
    }
    return events.isFollowing ? null : 'The events of jobs are not followed yet.';
  }

  async #ask(redis: Redis): Promise<string | null> {
    await redis.ping();
    const now = performance.now();
    if (this.#durability === undefined || this.#durability.until < now) {
      const fault = await durabilityFault(redis);
      this.#durability = { fault, until: now + DURABILITY_KEPT_MS };
    }
    return this.#durability.fault;
  }
}

async function within<Value>(ms: number, work: Promise<Value>): Promise<Value> {
  const late = new AbortController();
  const deadline = sleep(ms, undefined, { signal: late.signal }).then(() => {
    throw new Error(`no reply within ${ms} ms`);
  });
  deadline.catch(() => {});
  work.catch(() => {});
  try {
    return await Promise.race([work, deadline]);
  } finally {
    late.abort();
  }
}
