import { BULL_PREFIX, type JobSpec, type Labels, MAX_PRIORITY, queueOf } from '@conjob/shared';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { redisUnavailable } from '../http/redis-errors.ts';

/** Jobs in the queue say only that there is something to do: the ledger knows what. */
const DATA = { v: 1 };
/** More placements than are in use at a time; each costs some memory and three listeners. */
const MAX_OPEN_QUEUES = 100;
/** What BullMQ keeps of a queue beside its jobs. */
const LEFTOVERS = ['meta', 'id', 'pc', 'events', 'marker', 'stalled-check'];

/** What of a job decides where it waits, and before whom. */
export type Placed = Pick<JobSpec, 'requires' | 'priority'>;

/**
 * The one place that puts jobs on BullMQ queues, from which workers take them: one queue for each
 * placement.
 */
export class JobQueue {
  readonly #redis: Redis;
  readonly #onError: (error: Error) => void;
  /** By name, first the one that was not used for longest. */
  readonly #open = new Map<string, Queue>();

  /** `redis`: an impatient connection, which stays the caller's. */
  constructor(redis: Redis, onError: (error: Error) => void) {
    this.#redis = redis;
    this.#onError = onError;
  }

  /** Puts a job on its queue; does nothing when it is there already. Fails fast without Redis. */
  async add(id: string, { requires, priority }: Placed): Promise<void> {
    await this.#queue(queueOf(requires)).add('run', DATA, {
      jobId: id,
      // BullMQ takes the lowest first, but those without one before all others.
      priority: MAX_PRIORITY + 1 - priority,
      removeOnComplete: true,
      removeOnFail: true,
    });
  }

  /**
   * Puts a job on its queue that may be there still, as a delivery to a worker that is gone. False when a
   * worker has it in its hands at this moment.
   */
  async addAgain(id: string, placed: Placed): Promise<boolean> {
    const isFree = await this.remove(id, placed);
    if (isFree) await this.add(id, placed);
    return isFree;
  }

  /** Takes a job off its queue. False when a worker has it in its hands: it stays there. */
  async remove(id: string, { requires }: Pick<Placed, 'requires'>): Promise<boolean> {
    return (await this.#queue(queueOf(requires)).remove(id)) === 1;
  }

  /** Which of these jobs their queue does not hold, neither waiting nor in the hands of a worker. */
  async missing(queue: string, ids: readonly string[]): Promise<string[]> {
    const { toKey } = this.#queue(queue);
    const pipeline = this.#redis.pipeline();
    for (const id of ids) pipeline.exists(toKey(id));
    const replies = (await pipeline.exec()) ?? [];
    return ids.filter((_, index) => {
      const [error, exists] = replies[index] ?? [];
      if (error) throw error;
      return exists === 0;
    });
  }

  /** Removes what BullMQ keeps of the queue of a placement that has no jobs. */
  async forget(requires: Labels): Promise<void> {
    const name = queueOf(requires);
    const { toKey } = this.#queue(name);
    await this.#redis.unlink(LEFTOVERS.map((key) => toKey(key)));
    await this.#close(name);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((name) => this.#close(name)));
  }

  #queue(name: string): Queue {
    if (this.#redis.status !== 'ready') throw redisUnavailable();
    const known = this.#open.get(name);
    const queue = known ?? this.#openQueue(name);
    this.#open.delete(name);
    this.#open.set(name, queue);
    const [oldest = ''] = this.#open.keys();
    // Nothing is lost of what it does at this moment: the connection is not its own.
    if (this.#open.size > MAX_OPEN_QUEUES) this.#close(oldest).catch(this.#onError);
    return queue;
  }

  #openQueue(name: string): Queue {
    const queue = new Queue(name, {
      connection: this.#redis,
      prefix: BULL_PREFIX,
      // Each of these would make BullMQ ask Redis something at once, and, when Redis is away at that
      // moment, reject or delay every call that comes later.
      skipVersionCheck: true,
      skipWaitingForReady: true,
      skipMetasUpdate: true,
    });
    queue.on('error', this.#onError);
    return queue;
  }

  async #close(name: string): Promise<void> {
    const queue = this.#open.get(name);
    this.#open.delete(name);
    await queue?.close();
  }
}
