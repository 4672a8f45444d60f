import { keys } from '@conjob/shared';
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

test('a job is put on its queue anew as soon as whoever had it has let go of it', async () => {
  const id = await given.submit();
  const key = `{conjob}:bull:run:${id}`;
  // As a worker leaves it that has taken it, and given it back without telling the queue.
  await given.redis.zrem('{conjob}:bull:run:prioritized', id);
  await given.redis.lpush('{conjob}:bull:run:active', id);
  await given.redis.set(`${key}:lock`, 'token');
  await makeDue(id);
  await queueDueJobs(given);
  expect(await given.ledger.due()).toEqual([id]);
  await given.redis.del(`${key}:lock`);
  await queueDueJobs(given);
  expect(await given.ledger.due()).toEqual([]);
  expect(await given.redis.lrange('{conjob}:bull:run:active', 0, -1)).toEqual([]);
  expect(await given.redis.zscore('{conjob}:bull:run:prioritized', id)).not.toBeNull();
});
