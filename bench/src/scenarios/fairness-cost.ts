import {
  Attempts,
  connectPatient,
  disconnect,
  jobSpecSchema,
  Lines,
  NO_TIMINGS,
  newJobId,
  RUN_QUEUE,
  Submissions,
} from '@conjob/shared';
import { closedLoop } from '../closed-loop.ts';
import { median } from '../report/statistics.ts';
import type { Performance } from './scenario.ts';

const CLIENTS = 16;
const MEASURED_JOBS = 2_000;
const POSITIONS = 200;
const SECONDS = 60;
const MAX_TIMEOUT_SECONDS = 60;

const { stdin: _, ...request } = jobSpecSchema({
  maxTimeoutSeconds: MAX_TIMEOUT_SECONDS,
  maxKillTimeoutSeconds: 1,
  maxRetentionSeconds: SECONDS,
  defaultRetentionSeconds: 1,
  defaultNetwork: 'none',
}).parse({ image: 'conjob/echo' });
const spec = { ...request, stdinBytes: null };

const RESULT = {
  conclusion: 'SUCCESS',
  exitCode: 0,
  error: null,
  outputBytes: 0,
  outputTruncated: false,
  timings: NO_TIMINGS,
} as const;

export interface CostCase {
  readonly queued: number;
  readonly groups: number;
}

export interface Cost {
  /** Processor time of Redis for one job: accepted, taken, ended. In microseconds. */
  readonly redisUs: number;
  /** Until a worker has the answer which job it got, in milliseconds; and who asks, its position. */
  readonly takeMs: number;
  readonly positionMs: number;
}

/** What the ledger's part of a job costs while so many wait, of so many groups: no API, no queue, no engine. */
export function measureCost(
  { stage, signal }: Performance,
  { queued, groups }: CostCase,
): Promise<Cost> {
  return stage.withInstallation(async ({ redis: { url } }) => {
    const redis = connectPatient(url);
    try {
      const ledger = new Submissions(redis);
      const attempts = new Attempts(redis, { worker: 'bench', leaseMs: 30_000 });
      let made = 0;
      const ids: string[] = [];
      const accept = async () => {
        const id = newJobId();
        made += 1;
        await ledger.accept({ id, spec, group: `group-${made % groups}` });
        ids.push(id);
      };
      const takeMs: number[] = [];
      const run = async () => {
        await accept();
        const askedAt = performance.now();
        const outcome = await attempts.take('any', RUN_QUEUE, newJobId());
        takeMs.push(performance.now() - askedAt);
        if (outcome.kind !== 'claimed') throw new Error(`nothing to take: ${outcome.kind}`);
        await attempts.finish(outcome.claim, RESULT);
      };
      await closedLoop({ jobs: queued, clients: 10 * CLIENTS, signal }, accept);
      const before = await processorUs(redis);
      await closedLoop({ jobs: MEASURED_JOBS, clients: CLIENTS, signal }, run);
      const redisUs = ((await processorUs(redis)) - before) / MEASURED_JOBS;
      const lines = new Lines(redis);
      const positionMs: number[] = [];
      for (const id of ids.slice(-POSITIONS)) {
        const askedAt = performance.now();
        await lines.position({ id });
        positionMs.push(performance.now() - askedAt);
      }
      return { redisUs, takeMs: median(takeMs), positionMs: median(positionMs) };
    } finally {
      await disconnect(redis);
    }
  });
}

async function processorUs(redis: ReturnType<typeof connectPatient>): Promise<number> {
  const info = await redis.info('cpu');
  const seconds = [...info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)].map(([, s]) => Number(s));
  return 1e6 * seconds.reduce((sum, each) => sum + each, 0);
}
