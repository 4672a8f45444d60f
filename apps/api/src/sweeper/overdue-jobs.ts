import { jobError, type Logger, type Submissions } from '@conjob/shared';
import type { JobQueue } from '../queue/job-queue.ts';
import { eachJob } from './each-job.ts';

interface Dependencies {
  readonly ledger: Submissions;
  readonly queue: JobQueue;
  readonly logger: Logger;
}

/** Ends jobs that have waited for a worker longer than they allowed. */
export async function endOverdueJobs({ ledger, queue, logger }: Dependencies): Promise<void> {
  const records = await ledger.findAll(await ledger.overdue());
  await eachJob(records, logger, async ({ id, spec, attempts }) => {
    const ended = await ledger.finishQueued(id, jobError('queue.timed_out'));
    if (ended) await queue.remove(id, spec, attempts.length);
  });
}
