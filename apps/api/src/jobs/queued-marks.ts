import type { Logger, Submissions } from '@conjob/shared';
import type { JobEvents } from './job-events.ts';

interface Dependencies {
  readonly ledger: Pick<Submissions, 'queued'>;
  readonly events: Pick<JobEvents, 'subscribe'>;
  readonly logger: Logger;
}

/** Much less than the ten seconds after which a job without the mark is put on its queue again. */
const WAIT_MS = 1_000;

/**
 * Tells the ledger which jobs are on their queue: until then the sweeper puts them there again. A worker that
 * takes a job tells it as well, and mostly within a moment: so only what waits for longer gets a mark of its
 * own. Nobody has to wait for it, and one that is lost costs a delivery without effect.
 */
export class QueuedMarks {
  readonly #dependencies: Dependencies;
  /** First those that have been waiting for longest; what ends their subscription, and since when. */
  readonly #waiting = new Map<string, { readonly since: number; readonly end: () => void }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** The job is on its queue. */
  mark(id: string): void {
    const unsubscribe = this.#dependencies.events.subscribe(id, (state) => {
      if (state !== 'queued') this.#forget(id);
    });
    this.#waiting.set(id, { since: performance.now(), end: unsubscribe });
    this.#timer ??= setTimeout(() => this.#send(), WAIT_MS);
  }

  /** Sends what is left. */
  close(): void {
    clearTimeout(this.#timer);
    this.#send(Number.POSITIVE_INFINITY);
  }

  #forget(id: string): void {
    this.#waiting.get(id)?.end();
    this.#waiting.delete(id);
  }

  #send(until = performance.now() - WAIT_MS): void {
    const { ledger, logger } = this.#dependencies;
    this.#timer = undefined;
    for (const [id, { since }] of this.#waiting) {
      if (since > until) break;
      this.#forget(id);
      ledger.queued(id).catch((error: unknown) => {
        logger.debug({ err: error, job: id }, 'a queued job could not be marked as such');
      });
    }
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#send(), WAIT_MS);
  }
}
