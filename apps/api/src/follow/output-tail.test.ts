import { FIRST_POSITION, keys, newJobId } from '@conjob/shared';
import { startTestRedis, type TestRedis, until } from '@conjob/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FollowParts, startFollowParts } from '../testing/follow-parts.ts';
import { OutputTail } from './output-tail.ts';

let server: TestRedis;
let parts: FollowParts;
beforeAll(async () => {
  server = await startTestRedis();
  parts = await startFollowParts(server.url);
});
afterAll(() => server.stop());

test('keeps no more for a slow reader when each chunk is a single byte', async () => {
  const { redis, hub } = parts;
  const id = newJobId();
  const key = keys.output(id, 1);
  const tail = new OutputTail(redis, hub, { id, attempt: 1, after: FIRST_POSITION, onNews() {} });
  expect(await tail.read()).toEqual([]);
  expect(hub.size).toBe(1);
  const written = Array.from({ length: 2000 }, (_, n) => String(n % 10));
  for (const data of written) {
    const position = (await redis.xadd(key, '*', 's', '1', 'd', data)) ?? '';
    await redis.publish(key, position);
  }
  // Too far behind, though all of it are 2000 bytes: it goes back to what is stored.
  await until(() => hub.size === 0);
  const read: string[] = [];
  while (read.length < written.length) {
    for (const { data } of await tail.read()) read.push(String(data));
  }
  expect(read).toEqual(written);
  tail.close();
});
