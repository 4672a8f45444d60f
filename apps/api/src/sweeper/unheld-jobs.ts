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

/** The first of each queue are looked at: those behind them become first in turn. */
const FIRST = 50;
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
  const { redis, ledger, lines, queue, logger } = dependencies;
  const { settledAfterMs = SETTLED_AFTER_MS } = dependencies;
  const now = await redisTime(redis);
  const settledBefore = now - settledAfterMs;
  for (const requires of [{}, ...(await ledger.placements())]) {
    const name = queueOf(requires);
    const tickets = await queue.tickets(name);
    const first = await lines.first(name, FIRST);
    // Records last: whoever was taken, or ended, between these looks is not queued any more.
    const waiting = (await ledger.findAll(first)).filter(
      (record) => record.state === 'queued' && lastChange(record) <= settledBefore,
    );
    await eachJob(waiting, logger, ({ id }) => lines.join(id));
    const without = waiting.slice(0, Math.max(0, waiting.length - tickets));
    await eachJob(without, logger, async ({ id, spec }) => {
      await queue.add(id, spec, Math.floor(now / SAME_MS));
      logger.warn({ job: id }, 'a job that its queue had lost was put there again');
    });
  }
}

/** When the job was last given to the queue, or will be. */
function lastChange({ createdAt, retryAt, attempts }: JobRecord): number {
  return Math.max(createdAt, retryAt ?? 0, attempts.at(-1)?.finishedAt ?? 0);
}
