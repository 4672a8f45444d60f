import { BULL_PREFIX, RUN_QUEUE } from '@conjob/shared';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { redisUnavailable } from '../http/redis-errors.ts';

/** Jobs in the queue say only that there is something to do: the ledger knows what. */
const DATA = { v: 1 };

/** The one place that puts jobs on the BullMQ queue, from which workers take them. */
export class JobQueue {
  readonly #redis: Redis;
  readonly #queue: Queue;

  /** `redis`: an impatient connection, which stays the caller's. */
  constructor(redis: Redis, onError: (error: Error) => void) {
    this.#redis = redis;
    this.#queue = new Queue(RUN_QUEUE, {
      connection: redis,
      prefix: BULL_PREFIX,
      // Each of these would make BullMQ ask Redis something at once, and, when Redis is away at that
      // moment, reject or delay every call that comes later.
      skipVersionCheck: true,
      skipWaitingForReady: true,
      skipMetasUpdate: true,
    });
    this.#queue.on('error', onError);
  }

  /** Puts a job on the queue; does nothing when it is there already. Fails fast without Redis. */
  async add(id: string): Promise<void> {
    this.#requireRedis();
    await this.#queue.add('run', DATA, { jobId: id, removeOnComplete: true, removeOnFail: true });
  }

  /** Takes a job off the queue. One that a worker holds stays there. */
  async remove(id: string): Promise<void> {
    this.#requireRedis();
    await this.#queue.remove(id);
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }

  #requireRedis(): void {
    if (this.#redis.status !== 'ready') throw redisUnavailable();
  }
}
