import { jobError, type Logger, type Submissions } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { JobQueue } from '../queue/job-queue.ts';

const PERIOD_MS = 5000;
/**
 * After an outage of Redis all leases are over: so long workers have to be back, and to renew them,
 * before anybody is given up.
 */
const RECONNECT_MS = 15_000;
/** Longer than any submission takes to get from the ledger to the queue. */
const STRANDED_AFTER_MS = 10_000;

interface Dependencies {
  readonly redis: Redis;
  readonly ledger: Submissions;
  readonly queue: JobQueue;
  readonly logger: Logger;
  readonly strandedAfterMs?: number;
  readonly reconnectMs?: number;
}

/**
 * Does what no request is there to do: puts accepted jobs on the queue that did not get there (their
 * API process died, or Redis went away between the two steps), ends those that have waited longer than
 * they allowed, and those whose worker is gone. Every API process sweeps; a second one does no harm.
 */
export class Sweeper {
  readonly #dependencies: Dependencies;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #connectedAt = performance.now();

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
    dependencies.redis.on('ready', this.#onReady);
    this.#timer = setInterval(() => this.#tick(), PERIOD_MS).unref();
  }

  /** Stops, after a sweep that is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#dependencies.redis.off('ready', this.#onReady);
    await this.#running;
  }

  async sweep(): Promise<void> {
    const { ledger, queue, logger } = this.#dependencies;
    const { strandedAfterMs = STRANDED_AFTER_MS, reconnectMs = RECONNECT_MS } = this.#dependencies;
    for (const id of await ledger.stranded(strandedAfterMs)) {
      await queue.add(id);
      await ledger.queued(id);
      logger.info({ job: id }, 'stranded job put on the queue');
    }
    for (const id of await ledger.overdue()) {
      const ended = await ledger.finishQueued(id, 'TIMED_OUT', jobError('queue.timed_out'));
      if (ended) await queue.remove(id);
    }
    if (performance.now() - this.#connectedAt >= reconnectMs) await this.#expireLeases();
  }

  async #expireLeases(): Promise<void> {
    const { ledger, queue, logger } = this.#dependencies;
    for (const id of await ledger.leaseless()) {
      const outcome = await ledger.expireLease(id);
      if (outcome === 'held' || outcome === 'over') continue;
      logger.warn({ job: id, outcome }, 'the worker of a job is gone');
      if (outcome === 'queued') await queue.add(id);
    }
  }

  readonly #onReady = (): void => {
    this.#connectedAt = performance.now();
  };

  #tick(): void {
    if (this.#running !== undefined || this.#dependencies.redis.status !== 'ready') return;
    this.#running = this.sweep()
      .catch((error: unknown) => {
        this.#dependencies.logger.warn({ err: error }, 'sweep failed');
      })
      .finally(() => {
        this.#running = undefined;
      });
  }
}
