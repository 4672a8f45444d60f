import type { Redis } from 'ioredis';
import { keys } from '../keys.ts';

export interface JobCounts {
  /** In all queues together, those that wait for their next attempt among them. */
  readonly queued: number;
  /** On all workers together. */
  readonly running: number;
}

/** How many jobs wait and run, from what the ledger has of them: see the script `REFUSAL`. */
export async function countJobs(redis: Redis): Promise<JobCounts> {
  const replies = await redis.multi().zcard(keys.jobs).zcard(keys.expiry).zcard(keys.leases).exec();
  const [kept = 0, finished = 0, running = 0] = (replies ?? []).map(([error, count]) => {
    if (error) throw error;
    return Number(count);
  });
  return { queued: kept - finished - running, running };
}
