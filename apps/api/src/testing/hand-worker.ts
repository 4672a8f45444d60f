import {
  Attempts,
  type Claim,
  connectPatient,
  disconnect,
  type JobResult,
  keys,
  NO_TIMINGS,
  RUN_QUEUE,
} from '@conjob/shared';
import { until } from '@conjob/testkit';

/** A worker whose every step the test takes itself. It takes jobs from the ledger, not the queue. */
export interface HandWorker {
  readonly attempts: Attempts;
  /** Claims the job that has waited longest, as soon as there is one. */
  take(): Promise<Claim>;
  finish(claim: Claim, result?: Partial<JobResult>): Promise<void>;
  /** Ends the attempt only: the job can be taken again at once. */
  retry(claim: Claim, result?: Partial<JobResult>): Promise<void>;
  close(): Promise<void>;
}

const SUCCESS: JobResult = {
  conclusion: 'SUCCESS',
  exitCode: 0,
  error: null,
  outputBytes: 0,
  outputTruncated: false,
  timings: NO_TIMINGS,
};

export function startHandWorker(redisUrl: string): HandWorker {
  const redis = connectPatient(redisUrl);
  redis.on('error', () => {});
  const attempts = new Attempts(redis, { worker: 'by-hand', leaseMs: 30_000 });
  return {
    attempts,
    async take() {
      let id: string | undefined;
      await until(async () => {
        [id] = await redis.zrangebyscore(keys.waiting(RUN_QUEUE), '-inf', '+inf', 'LIMIT', 0, 1);
        return id !== undefined;
      });
      const outcome = await attempts.claim(id ?? '', `token-${id}`);
      if (outcome.kind !== 'claimed') throw new Error(`${id} is ${outcome.kind}`);
      return outcome.claim;
    },
    finish: (claim, result) => attempts.finish(claim, { ...SUCCESS, ...result }),
    async retry(claim, result) {
      await attempts.retry(claim, { ...SUCCESS, ...result }, 0);
    },
    close: () => disconnect(redis),
  };
}
