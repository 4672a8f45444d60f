import type { Redis } from 'ioredis';

/** Whom a limit refused, the next one is likely to be refused as well. */
const CAREFUL_MS = 1_000;

/**
 * Whether the ticket of a new job may follow the job itself at once, before the ledger has answered: both reach
 * Redis together, in this order, and the disk in one write. Not where the ledger may well say no, since a ticket
 * without a job calls a worker for nothing; and not before it has said yes on this connection, since a Redis that does
 * not know the ledger's script yet has to be asked twice, and the ticket would be there before the job.
 */
export class TicketsAhead {
  readonly #redis: Pick<Redis, 'stream'>;
  #provenOn: Redis['stream'] | undefined;
  #refusedAt = Number.NEGATIVE_INFINITY;

  constructor(redis: Pick<Redis, 'stream'>) {
    this.#redis = redis;
  }

  get areAllowed(): boolean {
    const isProven = this.#provenOn !== undefined && this.#provenOn === this.#redis.stream;
    return isProven && performance.now() - this.#refusedAt >= CAREFUL_MS;
  }

  accepted(): void {
    this.#provenOn = this.#redis.stream;
  }

  refused(): void {
    this.#refusedAt = performance.now();
  }
}
