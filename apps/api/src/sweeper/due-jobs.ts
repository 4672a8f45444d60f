import type { Lines, Logger, Submissions } from '@conjob/shared';
import type { JobQueue } from '../queue/job-queue.ts';
import { eachJob } from './each-job.ts';

interface Dependencies {
  readonly ledger: Submissions;
  readonly lines: Lines;
  readonly queue: JobQueue;
  readonly logger: Logger;
}

/**
 * Puts jobs into their line, and a ticket for each on their queue, whose time has come: between two attempts, given back by a worker that is
 * gone, or accepted by an API process that died, or lost Redis, before it had queued them.
 */
export async function queueDueJobs({ ledger, lines, queue, logger }: Dependencies): Promise<void> {
  const ids = await ledger.due();
  const records = await ledger.findAll(ids);
  await eachJob(records, logger, async ({ id, state, spec, attempts }) => {
    if (state === 'queued') {
      await lines.join(id);
      await queue.add(id, spec, attempts.length);
      logger.info({ job: id }, 'a job that was due was put on its queue');
    }
    await ledger.queued(id, attempts.length);
  });
  const known = new Set(records.map(({ id }) => id));
  for (const id of ids) if (!known.has(id)) await ledger.queued(id);
}
