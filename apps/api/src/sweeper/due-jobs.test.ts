import { keys, NO_TIMINGS } from '@conjob/shared';
import { beforeEach, expect, test } from 'vitest';
import { useQueue } from '../testing/use-queue.ts';
import { queueDueJobs } from './due-jobs.ts';

const given = useQueue();
beforeEach(async () => {
  await given.redis.flushall();
});
const makeDue = (id: string) => given.redis.zadd(keys.adding, 1, id);

test('an accepted job that never got onto its queue is put there, once', async () => {
  const id = await given.accept();
  await queueDueJobs(given);
  // Whoever accepted it has the time to do that itself.
  expect(await given.isHeld(id)).toBe(false);
  await makeDue(id);
  await queueDueJobs(given);
  expect(await given.isHeld(id)).toBe(true);
  expect(await given.ledger.due()).toEqual([]);
});

test('what has been taken or has ended meanwhile is put nowhere', async () => {
  const taken = await given.accept();
  await given.takeAndVanish(taken, 60_000);
  const ended = await given.accept();
  await given.ledger.cancel(ended, 'no more');
  await Promise.all([makeDue(taken), makeDue(ended), makeDue('j_unknown')]);
  await queueDueJobs(given);
  expect(await given.ledger.due()).toEqual([]);
  expect([await given.isHeld(taken), await given.isHeld(ended)]).toEqual([false, false]);
});

test('a job that can not be read keeps no other off its queue', async () => {
  const [broken, sound] = [await given.accept(), await given.accept()];
  await given.redis.hset(keys.job(broken), 'spec', '{}');
  await Promise.all([makeDue(broken), makeDue(sound)]);
  await queueDueJobs(given);
  expect(await given.isHeld(sound)).toBe(true);
  expect(given.logs).toContainEqual(
    expect.objectContaining({ job: broken, msg: 'a job could not be looked after' }),
  );
});

test('a job gets another ticket though its first is in the hands of a worker', async () => {
  const id = await given.submit();
  // As a worker leaves it that has taken it for another job, and runs that.
  await given.redis.zrem('{conjob}:bull:run:prioritized', id);
  await given.redis.lpush('{conjob}:bull:run:active', id);
  const { worker, claim } = await given.takeAndVanish(id, 60_000);
  await worker.release(claim);
  await makeDue(id);
  expect(await given.queue.tickets('run')).toBe(0);
  await queueDueJobs(given);
  expect(await given.ledger.due()).toEqual([]);
  expect(await given.queue.tickets('run')).toBe(1);
});

test('a job whose next attempt is due is in line again', async () => {
  const id = await given.accept({ retry: { maxAttempts: 2, on: ['exit:1'] } });
  const { worker, claim } = await given.takeAndVanish(id, 60_000);
  const output = { outputBytes: 0, outputTruncated: false, timings: NO_TIMINGS };
  const failed = { conclusion: 'FAILURE', exitCode: 1, error: null, ...output } as const;
  await worker.retry(claim, failed, 60_000);
  expect(await given.lines.heads(['run'])).toEqual([]);
  await given.redis.hset(keys.job(id), 'retryAt', 1);
  await makeDue(id);
  await queueDueJobs(given);
  expect(await given.lines.heads(['run'])).toMatchObject([{ id, group: 'default' }]);
});
