import { ConfigError, createLogger } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { loadApiConfig, startApi } from './api.ts';
import { handRuns } from './testing/hand-runs.ts';
import type { Call } from './testing/http-client.ts';
import { startTestApi, withRedis } from './testing/test-api.ts';
import { useHandApi } from './testing/use-hand-api.ts';
import { forgetWorkers, reportWorker } from './testing/worker-report.ts';

const silent = createLogger({ name: 'test', level: 'silent' });
const post: Call = { method: 'POST' };

const hand = useHandApi();
const { server, api, worker } = hand;
const runs = handRuns(hand);
/** Each test leaves a Redis that works, and an API that knows it. */
afterEach(async () => {
  await until(async () => (await api.call('/readyz')).status === 200);
});

describe('a run that waits', () => {
  test('survives a restart of Redis', async () => {
    const run = await runs.start();
    await server.restart();
    await runs.end(run);
  });

  test('survives the loss of the connection that follows events', async () => {
    const run = await runs.start();
    await withRedis(server, async (redis) => {
      let id: string | undefined;
      await until(async () => {
        id = /^id=(\d+) .* cmd=xread /m.exec(String(await redis.client('LIST')))?.[1];
        return id !== undefined;
      });
      expect(await redis.client('KILL', 'ID', id ?? '')).toBe(1);
    });
    await runs.end(run);
  });

  test('survives a crash of Redis while the job ends', async () => {
    const run = await runs.start();
    await server.crash();
    const ended = runs.end(run);
    await server.restart();
    await ended;
  });

  test('may be one of five hundred', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const answers = Array.from({ length: 500 }, (_, n) =>
      api.call(`/job/run?image=alpine&arg=${n}`),
    );
    for (let n = 0; n < 500; n += 1) {
      const claim = await worker.take();
      const data = Buffer.from(claim.spec.args.join());
      await worker.attempts.appendOutput(claim, [{ stream: 'stdout', data }]);
      await worker.finish(claim, { outputBytes: data.length });
    }
    const texts = (await Promise.all(answers)).map(({ status, text }) => `${status} ${text}`);
    expect(texts).toEqual(Array.from({ length: 500 }, (_, n) => `200 ${n}`));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  test('is forgotten when its client leaves; its job goes on', async () => {
    const client = new AbortController();
    const answer = api.call('/job/run?image=alpine', { ...post, signal: client.signal });
    const claim = await worker.take();
    client.abort();
    await expect(answer).rejects.toThrow();
    const abandoned = () => api.logs.some(({ msg }) => msg === 'request abandoned');
    await until(abandoned);
    expect(api.logs.find(({ msg }) => msg === 'request abandoned')).not.toHaveProperty('err');
    await worker.finish(claim);
    expect((await api.call(`/jobs/${claim.id}`)).json.conclusion).toBe('SUCCESS');
  });
});

describe('a queued job', () => {
  test('says how many are before it and why it waits', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) ids.push((await api.call('/jobs?image=alpine', post)).json.id);
    const waiting = async (id = '') => (await api.call(`/jobs/${id}`)).json.waiting;
    expect(await waiting(ids[2])).toEqual({ position: 3, reason: 'No worker is running.' });
    await withRedis(server, (redis) => reportWorker(redis, { slots: 2, running: 2 }));
    const reason = 'All 2 slots of the one worker that could take it are busy.';
    await expect.poll(() => waiting(ids[0])).toEqual({ position: 1, reason });
    expect((await api.call('/jobs')).json.jobs[0]).toMatchObject({
      waiting: { position: 3, reason },
    });
    await withRedis(server, forgetWorkers);
    for (const id of ids) await api.call(`/jobs/${id}/cancel`, post);
  });

  test('is taken by its priority, and says so', async () => {
    const submit = async (priority: number): Promise<string> => {
      const headers = { 'Content-Type': 'application/json' };
      const body = JSON.stringify({ image: 'alpine', priority });
      return (await api.call('/jobs', { headers, body })).json.id;
    };
    const ids = [await submit(0), await submit(-1000), await submit(1000)];
    const positions = ids.map(async (id) => (await api.call(`/jobs/${id}`)).json.waiting.position);
    expect(await Promise.all(positions)).toEqual([2, 3, 1]);
    for (const id of ids) await api.call(`/jobs/${id}/cancel`, post);
  });

  test('ends at once when it is cancelled, and leaves the queue', async () => {
    const { id } = (await api.call('/jobs?image=alpine', post)).json;
    const key = `{conjob}:bull:run:${id}`;
    expect(await withRedis(server, (redis) => redis.exists(key))).toBe(1);
    const answer = await api.call(`/jobs/${id}/cancel`, post);
    expect(answer.json).toMatchObject({
      state: 'finished',
      conclusion: 'CANCELLED',
      error: { code: 'run.cancelled' },
      waiting: null,
    });
    expect(await withRedis(server, (redis) => redis.exists(key))).toBe(0);
  });
});

describe('shutting down', () => {
  test('answers everybody who waits 202 with the place of the job', async () => {
    const other = await startTestApi({}, server);
    const run = other.call('/job/run?image=alpine', post);
    const claim = await worker.take();
    const look = other.call(`/jobs/${claim.id}?wait=300`);
    await until(() => other.logs.length > 0);
    // Both are under way once a later request has been answered.
    await other.call(`/jobs/${claim.id}`);
    const closed = other.api.close();
    for (const answer of [await run, await look]) {
      expect(answer.status).toBe(202);
      expect(answer.headers.location).toBe(`/jobs/${claim.id}`);
      expect(answer.json).toMatchObject({ id: claim.id, state: 'running' });
    }
    await closed;
    await expect(other.call('/livez')).rejects.toThrow('ECONNREFUSED');
    await other.api.close();
    await worker.finish(claim);
  });

  test('answers them even while Redis is away', async () => {
    const other = await startTestApi({}, server);
    const run = other.call('/job/run?image=alpine', post);
    const claim = await worker.take();
    await server.crash();
    const closed = other.api.close();
    const answer = await run;
    expect(answer).toMatchObject({ status: 202, headers: { location: `/jobs/${claim.id}` } });
    expect(answer.json.id).toBe(claim.id);
    await closed;
    await server.restart();
    await worker.finish(claim);
  });
});

test('a port that is taken is an error of the configuration', async () => {
  const config = loadApiConfig({
    PORT: String(api.api.port),
    ADMIN_PORT: '0',
    REDIS_URL: server.url,
  });
  const start = startApi(config, silent);
  await expect(start).rejects.toThrow(ConfigError);
  await expect(start).rejects.toThrow(`Port ${api.api.port} is taken. Set PORT to another one.`);
});

test('an admin port that is taken, too, and leaves no other port behind', async () => {
  const { port } = new URL(api.api.adminUrl);
  const env = { PORT: '0', ADMIN_PORT: port, REDIS_URL: server.url };
  const start = startApi(loadApiConfig(env), silent);
  await expect(start).rejects.toThrow(ConfigError);
  await expect(start).rejects.toThrow(`Port ${port} is taken. Set ADMIN_PORT to another one.`);
});

test('a host that is not here is an error of the configuration', async () => {
  const config = loadApiConfig({
    PORT: '0',
    ADMIN_PORT: '0',
    HOST: '192.0.2.1',
    ALLOW_UNAUTHENTICATED: 'true',
    REDIS_URL: server.url,
  });
  await expect(startApi(config, silent)).rejects.toThrow('Set HOST to one that it has.');
});
