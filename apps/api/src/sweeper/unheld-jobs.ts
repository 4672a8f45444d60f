import {
  type JobRecord,
  type Lines,
  type Logger,
  queueOf,
  redisTime,
  type Submissions,
} from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { JobQueue } from '../queue/job-queue.ts';
import { eachJob } from './each-job.ts';

/** So many of each queue are looked at first, and more of one that has fewer tickets than that: they may all have been lost. */
const FIRST = 50;
const MORE = 4;
/** Those behind them become first in turn. */
const MOST = 3_200;
/** Longer than a job takes from any change in the ledger to its queue. */
const SETTLED_AFTER_MS = 15_000;
/** Two processes that find the same want within this time put the same tickets there. */
const SAME_MS = 10_000;

interface Dependencies {
  readonly redis: Redis;
  readonly ledger: Submissions;
  readonly lines: Lines;
  readonly queue: JobQueue;
  readonly logger: Logger;
  readonly settledAfterMs?: number;
}

/**
 * Puts tickets on each queue on which fewer lie than jobs wait by the ledger: some would never be taken.
 * Tickets that are too many are harmless: whoever takes one finds that nothing waits.
 */
export async function requeueUnheldJobs(dependencies: Dependencies): Promise<void> {
  const now = await redisTime(dependencies.redis);
  for (const requires of [{}, ...(await dependencies.ledger.placements())]) {
    const name = queueOf(requires);
    let count = FIRST;
    while ((await requeueFirst(dependencies, name, count, now)) === count && count < MOST) {
      count *= MORE;
    }
  }
}

/** Looks at the first `count` of a queue. Returns how many of them wait on a queue that had fewer tickets than that. */
async function requeueFirst(
  { ledger, lines, queue, logger, settledAfterMs = SETTLED_AFTER_MS }: Dependencies,
  name: string,
  count: number,
  now: number,
): Promise<number> {
  const tickets = await queue.tickets(name);
  const first = await lines.first(name, count);
  // Records last: whoever was taken, or ended, between these looks is not queued any more.
  const waiting = (await ledger.findAll(first)).filter(
    (record) => record.state === 'queued' && lastChange(record) <= now - settledAfterMs,
  );
  await eachJob(waiting, logger, ({ id }) => lines.join(id));
  // The last ones: the first may have theirs from the look before, and who comes first gets any.
  await eachJob(waiting.slice(tickets), logger, async ({ id, spec }) => {
    await queue.add(id, spec, Math.floor(now / SAME_MS));
    logger.warn({ job: id }, 'a job that its queue had lost was put there again');
  });
  return tickets < waiting.length ? waiting.length : 0;
}

/** When the job was last given to the queue, or will be. */
function lastChange({ createdAt, retryAt, attempts }: JobRecord): number {
  return Math.max(createdAt, retryAt ?? 0, attempts.at(-1)?.finishedAt ?? 0);
}
