import type { Lease, Leases, Logger } from '@conjob/shared';
import { eachJob } from './each-job.ts';

/**
 * Leases are watched from a little before their end, so that one that nobody renews has been watched
 * for long enough when it ends.
 */
const HORIZON_MS = 12_000;
/** Whoever looks away for longer than this has seen nothing: it begins again. */
const MAX_PAUSE_MS = 5000;

interface Dependencies {
  readonly leases: Pick<Leases, 'ending' | 'expire'>;
  readonly logger: Logger;
}

interface Sighting {
  readonly leaseUntil: number;
  /** By the monotonic clock of this process. */
  readonly since: number;
}

/**
 * Ends the leases of workers that are gone. That a lease is over by the clock of Redis is not enough,
 * since that clock can jump: it must also have been seen, by a clock that can't, that nobody renewed it.
 * For how long is decided by the ledger.
 */
export class LeaseWatch {
  readonly #dependencies: Dependencies;
  #sightings = new Map<string, Sighting>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * While Redis is away nobody can renew anything: what was seen before says nothing of the workers,
   * and they get the time to be back.
   */
  forget(): void {
    this.#sightings.clear();
  }

  async look(): Promise<void> {
    const { leases, logger } = this.#dependencies;
    try {
      const seen = await leases.ending(HORIZON_MS);
      this.#note(seen);
      const unrenewed = seen.some(({ id }) => this.#observedMs(id) > 0);
      if (!unrenewed) return;
      const over = await leases.ending(0);
      await eachJob(over, logger, (lease) => this.#expire(lease));
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  #note(leases: readonly Lease[]): void {
    const now = performance.now();
    const before = now - this.#lookedAt > MAX_PAUSE_MS ? new Map() : this.#sightings;
    this.#lookedAt = now;
    this.#sightings = new Map(
      leases.map(({ id, leaseUntil }) => {
        const known = before.get(id);
        return [id, known?.leaseUntil === leaseUntil ? known : { leaseUntil, since: now }];
      }),
    );
  }

  async #expire(lease: Lease): Promise<void> {
    const { leases, logger } = this.#dependencies;
    const { id } = lease;
    const observedMs = this.#observedMs(id);
    if (observedMs === 0 || this.#sightings.get(id)?.leaseUntil !== lease.leaseUntil) return;
    const outcome = await leases.expire(lease, observedMs);
    if (outcome === 'held' || outcome === 'over') return;
    logger.warn({ job: id, outcome }, 'the worker of a job is gone');
  }

  /** For how long, up to the last look, the lease has been seen as it is. */
  #observedMs(id: string): number {
    const since = this.#sightings.get(id)?.since;
    return since === undefined ? 0 : this.#lookedAt - since;
  }
}
