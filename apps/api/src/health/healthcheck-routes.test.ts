import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { byImage } from '../testing/scripts.ts';
import { startTestApi, useTestApi, withRedis } from '../testing/test-api.ts';
import { forgetWorkers, reportWorker } from '../testing/worker-report.ts';

const api = useTestApi(byImage);
const check = async () => {
  const { status, json } = await api.callAdmin('/healthcheck');
  return { status, ...json };
};
const report = (fields: Parameters<typeof reportWorker>[1]) =>
  withRedis(api.redis, (redis) => reportWorker(redis, fields));

test('is 200 when Redis keeps jobs and a worker takes them, and names the commit', async () => {
  await report({ name: 'w1' });
  await report({ name: 'w2', state: 'unready', reason: 'The engine does not answer.' });
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  expect(await check()).toEqual({
    status: 200,
    version: { healthy: true, message: commit },
    redis: { healthy: true, message: expect.any(String) },
    workers: { healthy: true, message: '1 of 2 workers take jobs.' },
  });
});

test('is 500 when no worker takes jobs', async () => {
  await withRedis(api.redis, forgetWorkers);
  const workers = { healthy: false, message: '0 of 0 workers take jobs.' };
  expect(await check()).toMatchObject({ status: 500, workers, version: { healthy: true } });
  await report({ state: 'unready', reason: 'It is starting.' });
  expect((await check()).workers.message).toBe('0 of 1 workers take jobs.');
});

test('is 500, and says so of each, when Redis is away', async () => {
  const own = await startTestApi();
  await own.redis.stop();
  const { status, json } = await own.callAdmin('/healthcheck');
  expect(status).toBe(500);
  expect(json).toMatchObject({ redis: { healthy: false }, workers: { healthy: false } });
  await own.api.close();
});
