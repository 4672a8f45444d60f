import { keys, Workers } from '@conjob/shared';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Call } from '../testing/http-client.ts';
import { byImage } from '../testing/scripts.ts';
import { useTestApi, withRedis } from '../testing/test-api.ts';
import { forgetWorkers, reportWorker } from '../testing/worker-report.ts';

const api = useTestApi(byImage);
const post: Call = { method: 'POST' };

type Report = Parameters<typeof reportWorker>[1];
const report = (fields: Report = {}, heldMs?: number) =>
  withRedis(api.redis, (redis) => reportWorker(redis, fields, heldMs));

beforeEach(() => withRedis(api.redis, forgetWorkers));

describe('GET /workers', () => {
  test('lists all workers by name, on both ports', async () => {
    expect((await api.call('/workers')).json).toEqual({ workers: [] });
    await report({ name: 'w2', running: 3, state: 'unready', reason: 'Its engine is away.' });
    const heldNetworks = { none: { ready: 2, inUse: 1 }, bridge: { ready: 0, inUse: 0 } };
    const now = { runtime: 'crun', heldNetworks, clockSkewMs: -7 };
    await report({ name: 'w1', labels: { gpu: 'true' }, ...now });
    await report({ name: 'w3' }, -1000);
    const answer = await api.call('/workers');
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(answer.json.workers[0]).toEqual({
      name: 'w1',
      state: 'ready',
      reason: null,
      labels: { gpu: 'true' },
      engine: { id: 'ABCD:EFGH', version: '28.0.0' },
      slots: 4,
      running: 0,
      runtime: 'crun',
      heldNetworks,
      heartbeatAt: time,
      startedAt: time,
      version: '0.1.0',
      host: 'builder-1',
      pid: 42,
      clockSkewMs: -7,
    });
    expect(answer.json.workers.slice(1)).toMatchObject([
      { name: 'w2', state: 'unready', reason: 'Its engine is away.', running: 3 },
      // One of before says nothing of these.
      {
        name: 'w3',
        runtime: null,
        heldNetworks: null,
        state: 'lost',
        reason: 'It gives no sign of life.',
      },
    ]);
    expect((await api.callAdmin('/workers')).json).toEqual(answer.json);
    const one = await api.callAdmin('/workers/w2');
    expect(one.json).toEqual(answer.json.workers[1]);
  });

  test.each(['nobody', '-', '.w1', '%00', '%2f', 'x'.repeat(256), 'ü'])(
    'answers 404 for %s',
    async (name) => {
      const path = `/workers/${name.startsWith('%') ? name : encodeURIComponent(name)}`;
      for (const answer of [
        await api.call(path),
        await api.callAdmin(path),
        await api.callAdmin(`${path}/drain`, post),
        await api.callAdmin(`${path}/resume`, post),
      ]) {
        expect(answer.json).toMatchObject({ status: 404, code: 'worker.not_found' });
      }
      expect(await withRedis(api.redis, (redis) => redis.exists(keys.drains))).toBe(0);
    },
  );
});

describe('draining a worker', () => {
  test('counts at once, is told to it, and holds until it is resumed', async () => {
    await report({ running: 1 });
    await withRedis(api.redis, async (redis) => {
      const news: string[] = [];
      await redis.subscribe(keys.workerNews);
      redis.on('message', (_channel, name) => news.push(name));
      const answer = await api.callAdmin('/workers/w1/drain?reason=new+kernel', post);
      expect(answer.status).toBe(202);
      expect(answer.json).toMatchObject({ name: 'w1', state: 'draining', reason: 'new kernel' });
      await expect.poll(() => news).toEqual(['w1']);
    });
    // A new process of the worker does not know yet.
    await report({ pid: 43 });
    expect((await api.call('/workers/w1')).json.state).toBe('draining');
    const resumed = await api.callAdmin('/workers/w1/resume', post);
    expect(resumed).toMatchObject({ status: 200, json: { state: 'ready', reason: null } });
  });

  test('ends when the worker has heard that it may go on', async () => {
    await report({ state: 'draining' });
    const answer = api.callAdmin('/workers/w1/resume', post);
    await report();
    expect(await answer).toMatchObject({ status: 200, json: { state: 'ready' } });
    // One that says nothing may not have heard of it.
    await report({ state: 'draining' });
    const silent = await api.callAdmin('/workers/w1/resume', post);
    expect(silent).toMatchObject({ status: 202, json: { state: 'draining' } });
  });

  test('says why without a reason, too', async () => {
    await report();
    const { json } = await api.callAdmin('/workers/w1/drain', post);
    expect(json.reason).toBe('drained by an operator');
  });

  test('answers 200 once the worker itself says that it drains and runs nothing', async () => {
    await report();
    expect((await api.callAdmin('/workers/w1/drain', post)).status).toBe(202);
    await report({ state: 'draining', running: 1 });
    expect((await api.callAdmin('/workers/w1/drain', post)).status).toBe(202);
    await report({ state: 'draining' });
    expect((await api.callAdmin('/workers/w1/drain', post)).status).toBe(200);
  });

  test.each([
    ['?wait=60', {}, undefined],
    ['', { Prefer: 'wait=9999' }, 'wait=300'],
  ])('waits for that: %s %j', async (search, headers, applied) => {
    await report({ running: 1 });
    let isAnswered = false;
    const answer = api.callAdmin(`/workers/w1/drain${search}`, { ...post, headers });
    void answer.then(() => {
      isAnswered = true;
    });
    const isDrained = async () => (await api.call('/workers/w1')).json.state === 'draining';
    await expect.poll(isDrained).toBe(true);
    await report({ state: 'draining', running: 1 });
    expect(isAnswered).toBe(false);
    await report({ state: 'draining' });
    const { status, json, headers: given } = await answer;
    expect({ status, running: json.running }).toEqual({ status: 200, running: 0 });
    expect(given['preference-applied']).toBe(applied);
  });

  test('waits no longer than it was told', async () => {
    await report({ running: 1 });
    const answer = await api.callAdmin('/workers/w1/drain?wait=1', post);
    expect(answer).toMatchObject({ status: 202, json: { running: 1 } });
  });

  test('for a worker that is not there follows no preference', async () => {
    const headers = { Prefer: 'wait=1' };
    const answer = await api.callAdmin('/workers/none/drain', { ...post, headers });
    expect(answer.status).toBe(404);
    expect(answer.headers).not.toHaveProperty('preference-applied');
  });

  test('works for a lost worker, which then comes back drained', async () => {
    await report({}, -1000);
    const answer = await api.callAdmin('/workers/w1/drain?reason=why', post);
    expect(answer).toMatchObject({ status: 200, json: { state: 'lost' } });
    await report();
    expect((await api.call('/workers/w1')).json).toMatchObject({
      state: 'draining',
      reason: 'why',
    });
  });

  test.each([
    ['wait=301', 'wait'],
    ['wait=-1', 'wait'],
    [`reason=${'x'.repeat(256)}`, 'reason'],
    ['reason=%1b%5b31m', 'reason'],
    ['force=true', 'force'],
  ])('refuses %s', async (search, path) => {
    await report();
    const answer = await api.callAdmin(`/workers/w1/drain?${search}`, post);
    expect(answer.json).toMatchObject({ status: 400, errors: [{ path }] });
    const drains = (redis: Parameters<typeof reportWorker>[0]) => redis.hgetall(keys.drains);
    expect(await withRedis(api.redis, drains)).toEqual({});
  });

  test('keeps jobs waiting, and they say so', async () => {
    await report();
    await withRedis(api.redis, (redis) => new Workers(redis).drain('w1', 'new kernel'));
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({ image: 'echo', requires: { gpu: 'true' } });
    await report({ labels: { gpu: 'true' } });
    const { id } = (await api.call('/jobs', { headers, body })).json;
    const reason = async () => (await api.call(`/jobs/${id}`)).json.waiting.reason;
    await expect.poll(reason).toBe('No worker that fits takes jobs: w1 is draining (new kernel).');
  });
});
