import type { Redis } from 'ioredis';
import type { AttemptStep, JobState } from '../job-state.ts';
import { keys } from '../keys.ts';

/** Who holds a job, as the ledger has it. */
export interface JobHolder {
  readonly state: JobState;
  readonly attempt: number;
  readonly step: AttemptStep | null;
  readonly worker: string;
  /** Changes with each renewal. Milliseconds since the epoch, by the clock of Redis; null when nobody holds it. */
  readonly leaseUntil: number | null;
  readonly leaseMs: number;
}

/** Who holds these jobs, in the order of `ids`; null for unknown ones. */
export async function readHolders(
  redis: Redis,
  ids: readonly string[],
): Promise<(JobHolder | null)[]> {
  const pipeline = redis.pipeline();
  for (const id of ids) {
    pipeline.hmget(keys.job(id), 'state', 'attempt', 'step', 'worker', 'leaseUntil', 'leaseMs');
  }
  const replies = (await pipeline.exec()) ?? [];
  return replies.map(([error, fields]) => {
    if (error) throw error;
    return readHolder(fields as (string | null)[]);
  });
}

function readHolder([state, attempt, step, worker, leaseUntil, leaseMs]: (string | null)[]) {
  if (!state) return null;
  return {
    state: state as JobState,
    attempt: Number(attempt),
    step: (step || null) as AttemptStep | null,
    worker: worker ?? '',
    leaseUntil: leaseUntil ? Number(leaseUntil) : null,
    leaseMs: Number(leaseMs ?? 0),
  };
}
