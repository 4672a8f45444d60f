import { keys } from '@conjob/shared';
import { expect, test } from 'vitest';
import { useQueue } from '../testing/use-queue.ts';
import { queueDueJobs } from './due-jobs.ts';

const given = useQueue();
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
