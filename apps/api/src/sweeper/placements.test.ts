import { expect, test } from 'vitest';
import { jobSpec, useQueue } from '../testing/use-queue.ts';
import { forgetPlacements } from './placements.ts';

const given = useQueue();
const bullKeys = async () => (await given.redis.keys('{conjob}:bull:*')).sort();

test('forgets what no job requires any more, with all that BullMQ kept of its queue', async () => {
  await given.submit();
  const before = await bullKeys();
  const requires = { gpu: 'true' };
  const id = await given.submit({ requires });
  const forget = () => forgetPlacements({ ...given, keptMs: -1 });

  await forget();
  expect(await given.ledger.placements()).toEqual([requires]);
  await given.ledger.cancel(id, 'no more');
  await given.queue.remove(id, jobSpec({ requires }));
  await forgetPlacements(given);
  expect(await given.ledger.placements()).toEqual([requires]);
  await forget();
  expect(await given.ledger.placements()).toEqual([]);
  expect(await bullKeys()).toEqual(before);
});
