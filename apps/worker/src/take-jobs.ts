import { BULL_PREFIX, type Logger, RUN_QUEUE } from '@conjob/shared';
import { type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';

export interface TakeJobsOptions {
  readonly redis: Redis;
  readonly name: string;
  readonly concurrency: number;
  /** How long a worker may be silent before its jobs are delivered to others. */
  readonly leaseMs: number;
  readonly process: (job: Job, token?: string) => Promise<void>;
  readonly logger: Logger;
}

/** A stopped intake: `run` starts it. */
export function createIntake(options: TakeJobsOptions): Worker {
  const { redis, name, concurrency, leaseMs, process, logger } = options;
  const worker = new Worker(RUN_QUEUE, process, {
    connection: redis,
    prefix: BULL_PREFIX,
    name,
    concurrency,
    autorun: false,
    lockDuration: leaseMs,
    // It takes two checks to notice: one marks, the next one moves. Redis takes whole numbers only.
    stalledInterval: Math.ceil(leaseMs / 3),
    // Whether a job may run again is the ledger's decision, never BullMQ's.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  worker.on('error', (error) => {
    // That Redis is away is said once, and not by each of its connections.
    const level = redis.status === 'ready' ? 'warn' : 'debug';
    logger[level]({ err: error }, 'queue');
  });
  worker.on('failed', (job, error) => logger.error({ err: error, job: job?.id }, 'job failed'));
  return worker;
}

/** Takes jobs with the slots that adopted ones leave free, and with one more as each of them ends. */
export async function runIntake(
  intake: Worker,
  slots: number,
  adopted: readonly Promise<void>[],
): Promise<void> {
  let free = slots - adopted.length;
  const share = (): void => {
    intake.concurrency = Math.max(1, free);
  };
  for (const job of adopted) {
    void job.then(() => {
      free += 1;
      share();
    });
  }
  if (free < 1) await Promise.race(adopted);
  share();
  await intake.run();
}
