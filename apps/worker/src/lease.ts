/** A worker that could not renew a lease for this part of it gives the job up. */
const OVERDUE_SHARE = 0.6;
const RENEWALS_PER_LEASE = 6;
const LONGEST_PAUSE_MS = 5_000;

/** How often leases are renewed: missing a few does no harm. */
export function renewalMs(leaseMs: number): number {
  return Math.min(leaseMs / RENEWALS_PER_LEASE, LONGEST_PAUSE_MS);
}

/**
 * What a worker knows of its right to a job, without asking: how long ago it last asked for it in vain, or
 * with success. By the monotonic clock, and counted from *before* it asked, so that here a lease is over
 * sooner than it is in Redis.
 *
 * - `isOverdue`, after 0.6 of it: the container is killed. There is time left: a reaper kills it after
 *   0.8, and nobody is given the job, or the container, before the whole lease is over.
 * - `isOver`, after the whole of it: the process itself was asleep (stopped, or its host), or it would have
 *   heard of the end in time. Now the container may be in other hands: a worker's name has a lease just as
 *   long, and whoever has the name since then has adopted it. So nothing is touched before the ledger has
 *   said whose it is; while the ledger can't be asked either, a reaper ends what is nobody's.
 *
 * Both are looked up at each step that must not be taken too late (the start, and the judgement of an
 * exit), as well as by a timer: a process that wakes up reads the answers that wait for it before its
 * timers run, and would otherwise take what a reaper did meanwhile for the job's own end.
 */
export class Lease {
  readonly #ms: number;
  #askedAt: number;

  /** `askedAt`: by `performance.now()`, before the lease was asked for. */
  constructor(ms: number, askedAt: number) {
    this.#ms = ms;
    this.#askedAt = askedAt;
  }

  /** Answers may come out of order. */
  renewed(askedAt: number): void {
    this.#askedAt = Math.max(this.#askedAt, askedAt);
  }

  get isOverdue(): boolean {
    return this.#silentMs >= this.#overdueMs;
  }

  get isOver(): boolean {
    return this.#silentMs >= this.#ms;
  }

  get overdueInMs(): number {
    return Math.max(0, this.#overdueMs - this.#silentMs);
  }

  get #overdueMs(): number {
    return this.#ms * OVERDUE_SHARE;
  }

  get #silentMs(): number {
    return performance.now() - this.#askedAt;
  }
}
