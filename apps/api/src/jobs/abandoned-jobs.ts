import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@conjob/shared';
import { toRequestError } from '../http/to-request-error.ts';
import type { JobService } from './job-service.ts';

const REASON = 'the client disconnected';
const RETRY_MS = 1000;
/** About as long as Redis may be away without anything being lost. */
const MAX_TRIES = 60;

interface Dependencies {
  readonly jobs: Pick<JobService, 'cancel'>;
  readonly logger: Logger;
  readonly retryMs?: number;
}

/**
 * Cancels jobs whose client left and did not want them to go on. There is nobody who could try again
 * while Redis is away, so this does.
 */
export class AbandonedJobs {
  readonly #dependencies: Dependencies;
  readonly #closing = new AbortController();

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  cancel(id: string): void {
    void this.#cancel(id);
  }

  /** No more tries. */
  close(): void {
    this.#closing.abort();
  }

  async #cancel(id: string): Promise<void> {
    const { jobs, logger, retryMs = RETRY_MS } = this.#dependencies;
    const { signal } = this.#closing;
    for (let tries = 1; !signal.aborted; tries += 1) {
      try {
        await jobs.cancel(id, REASON);
        return logger.info({ job: id }, 'a job was cancelled since its client left');
      } catch (error) {
        const { code, status } = toRequestError(error);
        // It has ended by itself meanwhile.
        if (code === 'job.finished' || code === 'job.not_found') return;
        if (status !== 503 || tries === MAX_TRIES) {
          return logger.warn({ err: error, job: id }, 'a job that its client left goes on');
        }
      }
      await sleep(retryMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}
