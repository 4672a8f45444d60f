import { startTestRedis, type TestRedis } from '@conjob/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { byImage } from '../testing/scripts.ts';
import { type StandInWorker, startStandInWorker } from '../testing/stand-in-worker.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let redis: TestRedis;
let apis: TestApi[];
let worker: StandInWorker;
beforeAll(async () => {
  redis = await startTestRedis({ appendOnly: true });
  apis = await Promise.all(Array.from({ length: 3 }, () => startTestApi({}, redis)));
  worker = await startStandInWorker(redis.url, byImage);
});
afterAll(async () => {
  await worker?.close();
  await Promise.all(apis.map((api) => api.close()));
  await redis?.stop();
});

test('50 requests with one Idempotency-Key, sent at once to three APIs, make one job', async () => {
  const headers = { 'Idempotency-Key': 'one-of-fifty', Prefer: 'wait=60' };
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) => {
      const api = apis[n % apis.length] as TestApi;
      const path = n % 2 === 0 ? '/jobs?image=echo' : '/job/run?image=echo';
      return api.call(path, { headers, body: 'once' });
    }),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  const ids = new Set(answers.map((answer) => answer.headers['conjob-job-id']));
  expect(ids.size).toBe(1);
  expect(worker.taken).toEqual([...ids]);
  const first = answers.filter((answer) => answer.headers['idempotency-replayed'] === undefined);
  expect(first).toHaveLength(1);
  expect(answers.filter(({ text }) => text === 'once')).toHaveLength(25);
});
