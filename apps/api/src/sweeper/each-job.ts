import type { Logger } from '@conjob/shared';
import { redisFault } from '../http/redis-errors.ts';

/**
 * Handles jobs one after the other. One that can't be handled keeps no other from it; without Redis
 * none can be, and the first failure ends it.
 */
export async function eachJob<Job extends { readonly id: string }>(
  jobs: readonly Job[],
  logger: Logger,
  handle: (job: Job) => Promise<void>,
): Promise<void> {
  for (const job of jobs) {
    try {
      await handle(job);
    } catch (error) {
      if (redisFault(error) !== undefined) throw error;
      logger.error({ err: error, job: job.id }, 'a job could not be looked after');
    }
  }
}
