import type { Redis } from 'ioredis';
import { JOB_PARTS, type JobPart } from '../job-result.ts';
import { keys } from '../keys.ts';
import { DURATION_BOUNDS_MS } from './count-scripts.ts';

/** How long one part of jobs took, of their last attempts. */
export interface Durations {
  /** How many took at most so long, and longer than the bound before; the last bound is infinite. */
  readonly buckets: readonly { readonly boundMs: number; readonly count: number }[];
  readonly sumMs: number;
}

/** What has become of all jobs that ever ended, as long as Redis has kept its data. */
export interface JobTotals {
  readonly finished: Readonly<Record<string, number>>;
  readonly durations: Readonly<Record<JobPart, Durations>>;
}

const FINISHED = 'finished:';

export async function readJobTotals(redis: Redis): Promise<JobTotals> {
  const fields = await redis.hgetall(keys.totals);
  const of = (name: string) => Number(fields[name] ?? 0);
  const durationsOf = (part: JobPart): Durations => ({
    buckets: [...DURATION_BOUNDS_MS, Infinity].map((boundMs) => ({
      boundMs,
      count: of(`${part}:le:${boundMs === Infinity ? 'inf' : boundMs}`),
    })),
    sumMs: of(`${part}:ms`),
  });
  return {
    finished: Object.fromEntries(
      Object.keys(fields)
        .filter((name) => name.startsWith(FINISHED))
        .map((name) => [name.slice(FINISHED.length), of(name)]),
    ),
    durations: Object.fromEntries(
      JOB_PARTS.map((part) => [part, durationsOf(part)]),
    ) as JobTotals['durations'],
  };
}
