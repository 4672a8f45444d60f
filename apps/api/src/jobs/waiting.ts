import { countJobs, type JobRecord, type Limits, type Submissions } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { RecentWorkers } from '../workers/recent-workers.ts';
import { waitingReason } from './waiting-reason.ts';

/** Why a queued job has not started. */
export interface Waiting {
  /** Among the jobs with the same requirements; 1 for the one that is taken next. */
  readonly position: number;
  readonly reason: string;
}

interface Dependencies {
  readonly redis: Redis;
  readonly ledger: Pick<Submissions, 'position'>;
  readonly limits: Pick<Limits, 'current'>;
  readonly workers: Pick<RecentWorkers, 'list'>;
}

/**
 * What each of these jobs waits for; null for those that do not wait. All null while Redis is away:
 * whoever asked gets the rest of the jobs all the same.
 */
export async function findWaiting(
  { redis, ledger, limits, workers }: Dependencies,
  records: readonly JobRecord[],
): Promise<(Waiting | null)[]> {
  const nothing = records.map(() => null);
  if (records.every(({ state }) => state !== 'queued')) return nothing;
  try {
    const [list, [seconds], { running }, { maxConcurrentRuns }, ...before] = await Promise.all([
      workers.list(),
      redis.time(),
      countJobs(redis),
      limits.current(),
      ...records.map((record) =>
        record.state === 'queued' ? ledger.position(record).catch(() => null) : null,
      ),
    ]);
    const now = Number(seconds) * 1000;
    return records.map((record, index) => {
      const ahead = before[index] ?? null;
      if (ahead === null) return null;
      const position = ahead + 1;
      const circumstances = { workers: list, position, running, maxConcurrentRuns, now };
      return { position, reason: waitingReason(record, circumstances) };
    });
  } catch {
    return nothing;
  }
}
