import { BULL_PREFIX, RUN_QUEUE } from '@conjob/shared';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/** The queue as the API fills it. */
export async function openQueue(redis: Redis) {
  const queue = new Queue(RUN_QUEUE, { connection: redis, prefix: BULL_PREFIX });
  await queue.waitUntilReady();
  return {
    async add(id: string): Promise<void> {
      await queue.add('run', {}, { jobId: id, removeOnComplete: true, removeOnFail: true });
    },
    /** `unknown` for a job that the queue does not hold. */
    stateOf: (id: string): Promise<string> => queue.getJobState(id),
    close: () => queue.close(),
  };
}

export type TestQueue = Awaited<ReturnType<typeof openQueue>>;
