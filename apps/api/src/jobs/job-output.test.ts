import { connectPatient, disconnect, type JobRecord, keys } from '@conjob/shared';
import { startTestRedis, type TestRedis } from '@conjob/testkit';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { firstOutput, type OutputPiece, resultOutput } from './job-output.ts';

let server: TestRedis;
let redis: Redis;
beforeAll(async () => {
  server = await startTestRedis({});
  redis = connectPatient(server.url);
});
afterAll(async () => {
  await disconnect(redis);
  await server.stop();
});

let made = 0;
async function write(attempt: number, lines: readonly string[], id = `output-${++made}`) {
  const key = keys.output(id, attempt);
  for (const line of lines) await redis.xadd(key, '*', 's', '1', 'd', line);
  return id;
}
const finished = (id: string, attempts: number) =>
  ({
    id,
    attempts: Array.from({ length: attempts }, (_, index) => ({ number: index + 1 })),
    result: { outputBytes: 1 },
  }) as unknown as JobRecord;
const text = async (pieces: AsyncIterable<OutputPiece>) => {
  let all = '';
  for await (const { data } of pieces) all += data;
  return all;
};

test.each([1, 64, 65, 200])(
  'output of %i chunks of which the first were read before is whole',
  async (count) => {
    const lines = Array.from({ length: count }, (_, n) => `${n}\n`);
    const id = await write(1, lines);
    expect(await text(resultOutput(redis, finished(id, 1), firstOutput(redis, id)))).toBe(
      lines.join(''),
    );
  },
);

test('a result of a later attempt has the output of that one', async () => {
  const id = await write(1, ['first']);
  await write(2, ['second'], id);
  expect(await text(resultOutput(redis, finished(id, 2), firstOutput(redis, id)))).toBe('second');
});

test('what could not be read before is read then', async () => {
  const id = await write(1, ['there']);
  const none = Promise.resolve(null);
  expect(await text(resultOutput(redis, finished(id, 1), none))).toBe('there');
});
