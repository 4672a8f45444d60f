import { countJobs, type JobRecord, type Limits, type Lines, redisTime } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { RecentWorkers } from '../workers/recent-workers.ts';
import { waitingReason } from './waiting-reason.ts';

/** Why a queued job has not started. */
export interface Waiting {
  /** Among the jobs with the same requirements, as things are now; 1 for the one that is taken next. */
  readonly position: number;
  readonly reason: string;
}

interface Dependencies {
  readonly redis: Redis;
  readonly lines: Pick<Lines, 'position'>;
  readonly limits: Pick<Limits, 'current'>;
  readonly workers: Pick<RecentWorkers, 'list'>;
}

/**
 * What each of these jobs waits for; null for those that do not wait. All null while Redis is away:
 * whoever asked gets the rest of the jobs all the same.
 */
export async function findWaiting(
  { redis, lines, limits, workers }: Dependencies,
  records: readonly JobRecord[],
): Promise<(Waiting | null)[]> {
  const nothing = records.map(() => null);
  if (records.every(({ state }) => state !== 'queued')) return nothing;
  try {
    const [list, now, { running }, { maxConcurrentRuns }, ...before] = await Promise.all([
      workers.list(),
      redisTime(redis),
      countJobs(redis),
      limits.current(),
      ...records.map((record) =>
        record.state === 'queued' ? lines.position(record).catch(() => null) : null,
      ),
    ]);
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
