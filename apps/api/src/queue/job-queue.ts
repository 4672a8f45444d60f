import { BULL_PREFIX, type JobSpec, type Labels, queueOf, ticketOf } from '@conjob/shared';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { redisUnavailable } from '../http/redis-errors.ts';

/** Tickets say only that there is something to do: the ledger knows what. */
const DATA = { v: 1 };
/** One and the same, since it is the ledger that knows who is next; some, since BullMQ removes those without one slowly. */
const PRIORITY = 1001;
/** More placements than are in use at a time; each costs some memory and three listeners. */
const MAX_OPEN_QUEUES = 100;
/** What BullMQ keeps of a queue beside its jobs. */
const LEFTOVERS = ['meta', 'id', 'pc', 'events', 'marker', 'stalled-check'];

/** What of a job decides where it waits. */
export type Placed = Pick<JobSpec, 'requires'>;

/**
 * The one place that puts tickets on BullMQ queues, one for each job that waits: whoever takes one may run the job
 * that is next by then. There is one queue for each placement.
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

  /**
   * Puts a ticket for a job on its queue. `entry`: how often the job has come to wait before; a ticket for the
   * same entry that is there already is not doubled. Fails fast without Redis.
   */
  async add(id: string, { requires }: Placed, entry = 0): Promise<void> {
    await this.#queue(queueOf(requires)).add('run', DATA, {
      jobId: ticketOf(id, entry),
      priority: PRIORITY,
      removeOnComplete: true,
      removeOnFail: true,
    });
  }

  /**
   * Takes the ticket off the queue that was put there for this entry of a job, which waits no longer. It may have
   * been used for another job, whose own is there then; one that is left over does no harm.
   */
  async remove(id: string, { requires }: Placed, entry = 0): Promise<void> {
    await this.#queue(queueOf(requires)).remove(ticketOf(id, entry));
  }

  /** How many tickets lie on a queue, in the hands of no worker. */
  async tickets(queue: string): Promise<number> {
    const { toKey } = this.#queue(queue);
    const lying = this.#redis.multi().llen(toKey('wait'));
    const replies = await lying.zcard(toKey('prioritized')).zcard(toKey('delayed')).exec();
    return (replies ?? []).reduce((sum, [error, count]) => {
      if (error) throw error;
      return sum + Number(count);
    }, 0);
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
