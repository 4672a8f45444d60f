import { createLogger } from '@conjob/shared';
import { startTestRedis, until } from '@conjob/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { loadApiConfig, startApi } from './api.ts';
import { handRuns } from './testing/hand-runs.ts';
import { type Answer, type Call, call } from './testing/http-client.ts';
import { withRedis } from './testing/test-api.ts';
import { useHandApi } from './testing/use-hand-api.ts';

const silent = createLogger({ name: 'test', level: 'silent' });
const post: Call = { method: 'POST' };

const hand = useHandApi();
const { server, api } = hand;
const runs = handRuns(hand);
/** Each test leaves a Redis that works, and an API that knows it. */
afterEach(async () => {
  await until(async () => (await api.call('/readyz')).status === 200);
});

describe('without Redis', () => {
  const unavailable = (answer: Answer) => {
    expect(answer.status).toBe(503);
    expect(answer.headers).toHaveProperty('retry-after');
    expect(answer.text).toContain('redis.unavailable');
  };

  test('requests are answered 503, and all is well when it is back', async () => {
    await server.crash();
    unavailable(await api.call('/job/run?image=alpine'));
    unavailable(await api.call('/jobs?image=alpine', post));
    unavailable(await api.call('/jobs'));
    unavailable(await api.call('/jobs/j_00000000000000000000000000'));
    unavailable(await api.call('/jobs/j_00000000000000000000000000/cancel', post));
    unavailable(await api.call('/workers'));
    unavailable(await api.callAdmin('/workers/w1'));
    unavailable(await api.callAdmin('/workers/w1/drain?wait=60', post));
    unavailable(await api.callAdmin('/workers/w1/resume', post));
    expect((await api.callAdmin('/ping')).status).toBe(200);
    expect((await api.call('/readyz')).json).toEqual({
      ready: false,
      reason: 'Redis can not be reached.',
    });
    expect((await api.call('/livez')).status).toBe(200);
    await server.restart();
    await until(async () => (await api.call('/readyz')).status === 200);
    await runs.end(await runs.start());
  });

  test('that is frozen, requests are answered 503 as well', async () => {
    process.kill(server.pid, 'SIGSTOP');
    try {
      const [ready, ...answers] = await Promise.all([
        api.call('/readyz'),
        api.call('/jobs'),
        api.call('/job/run?image=alpine'),
        api.call('/jobs?image=alpine', post),
        api.call('/workers'),
        api.callAdmin('/workers/w1/drain?wait=60', post),
      ]);
      answers.forEach(unavailable);
      expect(ready.json.reason).toMatch(/^Redis does not answer/);
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
  });

  test('it starts, says that it is not ready, and ends', async () => {
    const config = loadApiConfig({ PORT: '0', ADMIN_PORT: '0', REDIS_URL: 'redis://127.0.0.1:1' });
    const alone = await startApi(config, silent);
    expect((await call(`${alone.url}/livez`)).status).toBe(200);
    expect((await call(`${alone.url}/readyz`)).status).toBe(503);
    unavailable(await call(`${alone.url}/job/run?image=alpine`));
    await alone.close();
  });
});

describe('a Redis that would not keep jobs', () => {
  test('full, refuses them with a clear sentence', async () => {
    await withRedis(server, (redis) => redis.config('SET', 'maxmemory', '1'));
    const answer = await api.call('/job/run?image=alpine', post);
    expect(answer).toMatchObject({ status: 503 });
    expect(answer.text).toMatch(/^redis\.refused_write: Redis is out of memory\. /);
    expect(answer.headers).toHaveProperty('retry-after');
    await withRedis(server, (redis) => redis.config('SET', 'maxmemory', '0'));
  });

  test('read-only, refuses them too', async () => {
    await withRedis(server, (redis) => redis.replicaof('127.0.0.1', 1));
    const answer = await api.call('/job/run?image=alpine', post);
    expect(answer.text).toMatch(/^redis\.refused_write: /);
    await withRedis(server, (redis) => redis.replicaof('NO', 'ONE'));
  });

  test('at a restart, makes the API not ready', async () => {
    const forgetful = await startTestRedis({ appendOnly: false });
    const config = loadApiConfig({ PORT: '0', ADMIN_PORT: '0', REDIS_URL: forgetful.url });
    const other = await startApi(config, silent);
    await until(async () => {
      const { status, json } = await call(`${other.url}/readyz`);
      return status === 503 && /append-only file/.test(json.reason);
    });
    await other.close();
    await forgetful.stop();
  });
});
