import { BULL_PREFIX, RUN_QUEUE } from '@conjob/shared';
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';

/** A job without a wish, as the API writes it. */
const NO_PRIORITY = 1001;

/** A queue as the API fills it; default that of jobs that require nothing. */
export async function openQueue(redis: Redis, name: string = RUN_QUEUE) {
  const queue = new Queue(name, { connection: redis, prefix: BULL_PREFIX });
  await queue.waitUntilReady();
  return {
    async add(id: string, priority = NO_PRIORITY): Promise<void> {
      const removal = { removeOnComplete: true, removeOnFail: true };
      await queue.add('run', {}, { jobId: id, priority, ...removal });
    },
    /** `unknown` for a job that the queue does not hold. */
    async stateOf(id: string): Promise<string> {
      const state = await queue.getJobState(id);
      return state === 'prioritized' ? 'waiting' : state;
    },
    /** When a job that was put off is due, by the clock of who put it off. */
    async dueAt(id: string): Promise<number> {
      const score = await redis.zscore(queue.toKey('delayed'), id);
      return Number(score) / 2 ** 12;
    },
    /** Takes the next job as a worker does that dies at once. */
    async takeAndDie(leaseMs: number): Promise<void> {
      const worker = new Worker(name, null, {
        connection: redis,
        prefix: BULL_PREFIX,
        lockDuration: leaseMs,
      });
      await worker.getNextJob('dead', { block: false });
      await worker.close(true);
    },
    /** As a worker does that finds the job not to be due, which it then is. */
    async putOff(id: string): Promise<void> {
      await redis.zrem(queue.toKey('prioritized'), id);
      await redis.zadd(queue.toKey('delayed'), (Date.now() - 1) * 2 ** 12, id);
    },
    async timesTaken(id: string): Promise<number> {
      return Number(await redis.hget(queue.toKey(id), 'ats'));
    },
    /** Takes what wakes a worker that waits. False when nothing does. */
    async takeMark(): Promise<boolean> {
      return (await redis.del(queue.toKey('marker'))) === 1;
    },
    close: () => queue.close(),
  };
}

export type TestQueue = Awaited<ReturnType<typeof openQueue>>;
