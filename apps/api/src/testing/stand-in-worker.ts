import { randomUUID } from 'node:crypto';
import {
  Attempts,
  BULL_PREFIX,
  type Claim,
  connectPatient,
  disconnect,
  type JobResult,
  NO_TIMINGS,
  RUN_QUEUE,
  retryDelayMs,
} from '@conjob/shared';
import { Worker } from 'bullmq';

interface Run {
  readonly claim: Claim;
  readonly attempts: Attempts;
  print(data: string | Buffer, stream?: 'stdout' | 'stderr'): Promise<void>;
}

/** What becomes of a job: prints, waits for what the test wants, and says how it ended. */
export type Script = (run: Run) => Promise<Partial<JobResult>>;

export interface StandInWorker {
  /** Ids of the jobs that it took, in order. */
  readonly taken: readonly string[];
  close(): Promise<void>;
}

/** Takes jobs from the real queue and writes the real ledger, but runs a script, not a container. */
export async function startStandInWorker(redisUrl: string, script: Script): Promise<StandInWorker> {
  const redis = connectPatient(redisUrl);
  redis.on('error', () => {});
  const attempts = new Attempts(redis, { worker: 'stand-in', leaseMs: 30_000 });
  const taken: string[] = [];

  async function take(ticket: string): Promise<void> {
    const outcome = await attempts.take(ticket, RUN_QUEUE, randomUUID());
    if (outcome.kind !== 'claimed') return;
    const { claim } = outcome;
    taken.push(claim.id);
    let outputBytes = 0;
    const result = await script({
      claim,
      attempts,
      async print(data, stream = 'stdout') {
        outputBytes += Buffer.byteLength(data);
        await attempts.appendOutput(claim, [{ stream, data: Buffer.from(data) }]);
      },
    });
    const whole: JobResult = {
      conclusion: 'SUCCESS',
      exitCode: 0,
      error: null,
      outputBytes,
      outputTruncated: false,
      timings: { ...NO_TIMINGS, queueMs: claim.queueMs },
      ...result,
    };
    const delayMs = retryDelayMs(claim.spec.retry, claim.retries, whole);
    if (delayMs === null) await attempts.finish(claim, whole);
    else await attempts.retry(claim, whole, delayMs);
  }

  const worker = new Worker(RUN_QUEUE, (job) => take(job.id ?? ''), {
    connection: redis,
    prefix: BULL_PREFIX,
    concurrency: 1000,
  });
  worker.on('error', () => {});
  await worker.waitUntilReady();
  return {
    taken,
    async close() {
      await worker.close(true);
      await disconnect(redis);
    },
  };
}
