import { setTimeout as sleep } from 'node:timers/promises';
import { keys, type Logger } from '@conjob/shared';
import type { Redis } from 'ioredis';

type Listener = (state: string) => void;

const BLOCK_MS = 5000;
const PAGE = 1000;
const RETRY_MS = 500;

/**
 * Tells when jobs change, from one blocking read of the ledger's event stream per process. An event
 * is a wake-up call and no more: events can be trimmed away while Redis can't be reached, so whoever
 * waits also has to look at the job now and then.
 */
export class JobEvents {
  readonly #redis: Redis;
  readonly #logger: Logger;
  readonly #listeners = new Map<string, Set<Listener>>();
  #position: string | undefined;
  #closed = false;

  /** `redis`: a patient connection that nobody else uses; it stays the caller's. */
  constructor(redis: Redis, logger: Logger) {
    this.#redis = redis;
    this.#logger = logger;
  }

  /** True from the moment that no later event can be missed. */
  get isFollowing(): boolean {
    return this.#position !== undefined;
  }

  /** Follows the stream until {@link stop}. After an outage it goes on where it was. */
  async follow(): Promise<void> {
    while (!this.#closed) {
      try {
        this.#position ??= await this.#lastPosition();
        await this.#readOn(this.#position);
      } catch (error) {
        if (this.#closed) return;
        this.#logger.warn({ err: error }, 'reading job events failed');
        await sleep(RETRY_MS);
      }
    }
  }

  /** Ends {@link follow} with the next reply, or as soon as the connection is closed. */
  stop(): void {
    this.#closed = true;
  }

  /** Calls `listener` with each new state of a job. Returns what ends that. */
  subscribe(id: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(id) === listeners) this.#listeners.delete(id);
    };
  }

  async #lastPosition(): Promise<string> {
    const [last] = await this.#redis.xrevrange(keys.events, '+', '-', 'COUNT', 1);
    return last?.[0] ?? '0-0';
  }

  async #readOn(after: string): Promise<void> {
    const reply = await this.#redis.xread(
      'COUNT',
      PAGE,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      keys.events,
      after,
    );
    for (const [position, fields] of reply?.[0]?.[1] ?? []) {
      this.#position = position;
      // Fields are always written as: id, …, state, ….
      this.#announce(fields[1] ?? '', fields[3] ?? '');
    }
  }

  #announce(id: string, state: string): void {
    for (const listener of this.#listeners.get(id) ?? []) listener(state);
  }
}
