import { keys, queueOf } from '@conjob/shared';
import { beforeEach, expect, test } from 'vitest';
import { useQueue } from '../testing/use-queue.ts';
import { requeueUnheldJobs } from './unheld-jobs.ts';

const given = useQueue();
const GPU = { requires: { gpu: 'true' } };
const GPU_QUEUE = queueOf(GPU.requires);

beforeEach(async () => {
  await given.redis.flushall();
});

/** As if all of BullMQ's keys had been lost. */
async function loseQueues(): Promise<void> {
  const lost = await given.redis.keys('{conjob}:bull:*');
  await given.redis.del(lost);
}

test('puts jobs that their queues have lost there again', async () => {
  const [, , gpu] = [await given.submit(), await given.submit(), await given.submit(GPU)];
  await loseQueues();
  expect(await given.queue.tickets(GPU_QUEUE)).toBe(0);
  await requeueUnheldJobs({ ...given, settledAfterMs: 0 });
  expect(await given.queue.tickets('run')).toBe(2);
  expect(await given.queue.tickets(GPU_QUEUE)).toBe(1);
  await requeueUnheldJobs({ ...given, settledAfterMs: 0 });
  expect(await given.queue.tickets('run')).toBe(2);
  const msg = 'a job that its queue had lost was put there again';
  expect(given.logs).toContainEqual(expect.objectContaining({ job: gpu, msg }));
});

test('puts many that were lost there again in one go', async () => {
  const many = 230;
  await Promise.all(Array.from({ length: many }, () => given.submit()));
  await loseQueues();
  await requeueUnheldJobs({ ...given, settledAfterMs: 0 });
  expect(await given.queue.tickets('run')).toBe(many);
});

test('puts jobs into their line again that a worker of an earlier version gave back', async () => {
  const id = await given.submit();
  await given.redis.del(keys.turns('run'), keys.line('run', 'default'));
  await requeueUnheldJobs({ ...given, settledAfterMs: 0 });
  expect(await given.lines.heads(['run'])).toMatchObject([{ id }]);
  expect(await given.queue.tickets('run')).toBe(1);
});

test('leaves alone what is on its queue, on the way there, taken, or not due yet', async () => {
  const ids = [
    await given.submit(),
    await given.accept(),
    await given.accept(),
    await given.accept({ retry: { maxAttempts: 2, backoffSeconds: 60, on: ['exit:1'] } }),
  ] as const;
  const [, , taken, retried] = ids;
  await given.takeAndVanish(taken, 60_000);
  const { worker, claim } = await given.takeAndVanish(retried, 60_000);
  const timings = { queueMs: 0, pullMs: 0, createMs: 0, runMs: 0 };
  const output = { outputBytes: 0, outputTruncated: false };
  const result = { conclusion: 'FAILURE', exitCode: 1, error: null, ...output, timings } as const;
  await worker.retry(claim, result, 60_000);
  given.logs.length = 0;
  await requeueUnheldJobs(given);
  expect(await Promise.all(ids.map((id) => given.isHeld(id)))).toEqual([true, false, false, false]);
  expect(given.logs).toEqual([]);
});
