import { type JobRecord, type Logger, queueOf, type Submissions } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { JobQueue } from '../queue/job-queue.ts';
import { eachJob } from './each-job.ts';

/** The first of each queue are looked at: those behind them become first in turn. */
const FIRST = 50;
/** Longer than a job takes from any change in the ledger to its queue. */
const SETTLED_AFTER_MS = 15_000;

interface Dependencies {
  readonly redis: Redis;
  readonly ledger: Submissions;
  readonly queue: JobQueue;
  readonly logger: Logger;
  readonly settledAfterMs?: number;
}

/**
 * Puts jobs on their queue again that wait by the ledger, but that BullMQ does not hold: nobody would
 * ever take them.
 */
export async function requeueUnheldJobs(dependencies: Dependencies): Promise<void> {
  const { redis, ledger, queue, logger } = dependencies;
  const { settledAfterMs = SETTLED_AFTER_MS } = dependencies;
  const [seconds, microseconds] = await redis.time();
  const now = Number(seconds) * 1000 + Number(microseconds) / 1000;
  const settledBefore = now - settledAfterMs;
  for (const requires of [{}, ...(await ledger.placements())]) {
    const name = queueOf(requires);
    const waiting = await ledger.nextWaiting(name, FIRST);
    if (waiting.length === 0) continue;
    // Records last: whoever was taken, or ended, between these looks is not queued any more.
    const unheld = await ledger.findAll(await queue.missing(name, waiting));
    const lost = unheld.filter(
      (record) => record.state === 'queued' && lastChange(record) <= settledBefore,
    );
    await eachJob(lost, logger, async ({ id, spec }) => {
      await queue.add(id, spec);
      logger.warn({ job: id }, 'a job that its queue had lost was put there again');
    });
  }
}

/** When the job was last given to the queue, or will be. */
function lastChange({ createdAt, retryAt, attempts }: JobRecord): number {
  return Math.max(createdAt, retryAt ?? 0, attempts.at(-1)?.finishedAt ?? 0);
}
