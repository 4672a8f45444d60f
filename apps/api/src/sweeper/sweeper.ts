import type { Leases, Lines, Logger, Submissions } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { JobQueue } from '../queue/job-queue.ts';
import { queueDueJobs } from './due-jobs.ts';
import { LeaseWatch } from './lease-watch.ts';
import { endOverdueJobs } from './overdue-jobs.ts';
import { forgetPlacements } from './placements.ts';
import { requeueUnheldJobs } from './unheld-jobs.ts';

const PERIOD_MS = 1000;

interface Dependencies {
  readonly redis: Redis;
  readonly ledger: Submissions;
  readonly leases: Leases;
  readonly lines: Lines;
  readonly queue: JobQueue;
  readonly logger: Logger;
}

/** Something that has to be done every so many sweeps. */
interface Duty {
  readonly every: number;
  readonly name: string;
  readonly run: () => Promise<void>;
}

/**
 * Does what no request is there to do. Every API process sweeps; a second one does no harm, and one
 * duty that fails keeps none of the others from being done.
 */
export class Sweeper {
  readonly #dependencies: Dependencies;
  readonly #leases: LeaseWatch;
  readonly #duties: readonly Duty[];
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #sweeps = 0;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
    this.#leases = new LeaseWatch(dependencies);
    this.#duties = [
      // First: what it gives back is due at once.
      { every: 1, name: 'leases', run: () => this.#leases.look() },
      { every: 1, name: 'due jobs', run: () => queueDueJobs(dependencies) },
      { every: 1, name: 'overdue jobs', run: () => endOverdueJobs(dependencies) },
      { every: 10, name: 'unheld jobs', run: () => requeueUnheldJobs(dependencies) },
      { every: 60, name: 'placements', run: () => forgetPlacements(dependencies) },
    ];
    dependencies.redis.on('close', this.#onClose);
    this.#timer = setInterval(() => this.#tick(), PERIOD_MS).unref();
  }

  /** Stops, after a sweep that is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#dependencies.redis.off('close', this.#onClose);
    await this.#running;
  }

  readonly #onClose = (): void => this.#leases.forget();

  #tick(): void {
    if (this.#running !== undefined || this.#dependencies.redis.status !== 'ready') return;
    this.#running = this.#sweep().finally(() => {
      this.#running = undefined;
    });
  }

  async #sweep(): Promise<void> {
    this.#sweeps += 1;
    for (const { every, name, run } of this.#duties) {
      if (this.#sweeps % every !== 0) continue;
      try {
        await run();
      } catch (error) {
        this.#dependencies.logger.warn({ err: error, duty: name }, 'sweep failed');
      }
    }
  }
}
