import { expect, test } from 'vitest';
import { byImage } from './testing/scripts.ts';
import { startTestApi, useTestApi, withRedis } from './testing/test-api.ts';
import { reportWorker } from './testing/worker-report.ts';

const api = useTestApi(byImage, { CORS_ORIGINS: '*' });

test('the admin port answers probes', async () => {
  expect(await api.callAdmin('/ping')).toMatchObject({ status: 200, text: 'pong' });
  expect((await api.callAdmin('/livez')).json).toEqual({ live: true });
  expect((await api.callAdmin('/readyz')).json).toEqual({ ready: true });
});

test('what is on one port is not on the other', async () => {
  for (const answer of [
    await api.callAdmin('/job/run?image=echo', { headers: { Accept: 'application/json' } }),
    await api.callAdmin('/jobs'),
    await api.call('/ping'),
    await api.call('/workers/w1/drain', { method: 'POST' }),
  ]) {
    expect(answer.json).toMatchObject({ status: 404, code: 'path.not_found' });
    expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
  }
});

test.each([
  ['POST', '/workers', 'GET, HEAD, OPTIONS'],
  ['DELETE', '/workers/w1', 'GET, HEAD, OPTIONS'],
  ['GET', '/workers/w1/drain', 'POST, OPTIONS'],
  ['GET', '/workers/w1/resume', 'POST, OPTIONS'],
])('%s %s answers 405 and what is allowed', async (method, path, allow) => {
  const answer = await api.callAdmin(path, { method });
  expect(answer.json).toMatchObject({ status: 405, code: 'method.not_allowed' });
  expect(answer.headers.allow).toBe(allow);
});

test('no page of any web site may administer, whatever may start jobs', async () => {
  const answer = await api.callAdmin('/workers/w1/drain', {
    method: 'POST',
    headers: { Origin: 'https://ci.example' },
  });
  expect(answer.json).toMatchObject({ status: 403, code: 'origin.forbidden' });
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
});

test('a wait for a worker ends when the process shuts down', async () => {
  const other = await startTestApi({}, api.redis);
  await withRedis(api.redis, (redis) => reportWorker(redis, { running: 1 }));
  const answer = other.callAdmin('/workers/w1/drain?wait=300', { method: 'POST' });
  const state = async () => (await api.call('/workers/w1')).json.state;
  await expect.poll(state).toBe('draining');
  await other.api.close();
  expect((await answer).status).toBe(202);
});
