import { keys } from '@conjob/shared';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { byImage } from '../testing/scripts.ts';
import { startTestApi, type TestApi, useTestApi, withRedis } from '../testing/test-api.ts';

const api = useTestApi(byImage, {
  JOB_LIMIT_REQ: '100',
  JOB_LIMIT_CONCURRENT: '50',
  JOB_LIMIT_QUEUED: '1000',
});
const DEFAULTS =
  'conjob.job.limit.maxGlobalRequestsPerSecond=100&conjob.job.limit.maxConcurrentRuns=50&' +
  'conjob.job.limit.maxTimeoutSeconds=1800&conjob.job.limit.maxKillTimeoutSeconds=10&' +
  'conjob.job.limit.maxQueuedJobs=1000';
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const key = (name: string) => `conjob.job.limit.${name}`;

const post = (search: string, body?: string, headers: Record<string, string> = FORM, to = api) =>
  to.callAdmin(`/tasks/config${search}`, {
    method: 'POST',
    headers,
    ...(body === undefined ? {} : { body }),
  });
/** An empty change changes nothing, and answers what there is. */
const current = async (of: TestApi = api) => (await post('', '', {}, of)).text;

beforeEach(async () => {
  await post('', DEFAULTS);
});

describe('a change of limits', () => {
  test('answers what was before, which restores it when it is posted back', async () => {
    const before = await post(`?${key('maxConcurrentRuns')}=3&${key('maxTimeoutSeconds')}=20`);
    expect(before).toMatchObject({ status: 200, text: DEFAULTS });
    expect(before.headers['content-type']).toBe('text/plain; charset=utf-8');
    const changed = await post('', before.text);
    expect(changed.text).toBe(
      DEFAULTS.replace('Runs=50', 'Runs=3').replace(
        'maxTimeoutSeconds=1800',
        'maxTimeoutSeconds=20',
      ),
    );
    expect(await current()).toBe(DEFAULTS);
  });

  test('comes by query, by form, or by both', async () => {
    await post(`?${key('maxQueuedJobs')}=7`, `${key('maxConcurrentRuns')}=8`);
    expect(await current()).toMatch(/maxConcurrentRuns=8&.*maxQueuedJobs=7$/);
  });

  test('0 is a value', async () => {
    await post(`?${key('maxConcurrentRuns')}=0&${key('maxKillTimeoutSeconds')}=0`);
    expect(await current()).toMatch(/maxConcurrentRuns=0&.*maxKillTimeoutSeconds=0&/);
  });

  test.each([
    ['maxConcurrentRuns', '-1'],
    ['maxConcurrentRuns', '1.5'],
    ['maxConcurrentRuns', '1e3'],
    ['maxConcurrentRuns', '0x10'],
    ['maxConcurrentRuns', 'many'],
    ['maxConcurrentRuns', 'NaN'],
    ['maxConcurrentRuns', ''],
    ['maxConcurrentRuns', '%201'],
    ['maxConcurrentRuns', '1000001'],
    ['maxConcurrentRuns', '99999999999999999999'],
    ['maxTimeoutSeconds', '0'],
    ['maxTimeoutSeconds', '604801'],
    ['maxKillTimeoutSeconds', '3601'],
    ['maxRuns', '3'],
    ['maxconcurrentruns', '3'],
    ['__proto__', '3'],
  ])('refuses %s=%s, and changes nothing at all', async (name, value) => {
    for (const answer of [
      await post(`?${key('maxQueuedJobs')}=7&${key(name)}=${value}`),
      await post('', `${key('maxQueuedJobs')}=7&${key(name)}=${value}`),
    ]) {
      expect(answer.json).toMatchObject({ status: 400, errors: [{ path: key(name) }] });
      expect(answer.headers['content-type']).toMatch('application/problem+json');
    }
    expect(await current()).toBe(DEFAULTS);
  });

  test('names all that is wrong, field by field', async () => {
    const { json } = await post(
      `?${key('maxQueuedJobs')}=x&port=1`,
      `${key('maxTimeoutSeconds')}=0`,
    );
    expect(json.errors.map(({ path }: { path: string }) => path).sort()).toEqual(
      [key('maxQueuedJobs'), key('maxTimeoutSeconds'), 'port'].sort(),
    );
  });

  test('refuses a key that is given twice, be it with one value', async () => {
    const answer = await post(`?${key('maxQueuedJobs')}=7`, `${key('maxQueuedJobs')}=7`);
    expect(answer.json).toMatchObject({ status: 400, errors: [{ path: key('maxQueuedJobs') }] });
    expect(await current()).toBe(DEFAULTS);
  });

  test.each([
    [415, 'application/json', '{"conjob.job.limit.maxQueuedJobs":7}'],
    [413, FORM['Content-Type'], 'x'.repeat(5000)],
    [400, FORM['Content-Type'], `${key('maxQueuedJobs')}=%zz`],
  ])('answers %i to a body that is no small form', async (status, type, body) => {
    expect((await post('', body, { 'Content-Type': type })).json).toMatchObject({ status });
    expect(await current()).toBe(DEFAULTS);
  });

  test('is nothing that can be looked at with GET', async () => {
    const answer = await api.callAdmin('/tasks/config');
    expect(answer.json).toMatchObject({ status: 405 });
    expect((await api.call('/tasks/config', { method: 'POST' })).status).toBe(404);
  });
});

describe('limits', () => {
  let other: TestApi;
  beforeAll(async () => {
    other = await startTestApi({ JOB_LIMIT_CONCURRENT: '50', JOB_LIMIT_REQ: '100' }, api.redis);
    await post('', DEFAULTS);
  });
  afterAll(() => other.close());

  test('hold for every API process at once', async () => {
    await post(`?${key('maxTimeoutSeconds')}=20`);
    expect(await current(other)).toMatch('maxTimeoutSeconds=20');
    const { json } = await other.call('/jobs?image=echo&timeout=21', { method: 'POST' });
    expect(json).toMatchObject({ status: 400, errors: [{ path: 'timeout' }] });
    await post(`?${key('maxTimeoutSeconds')}=30`, '', FORM, other);
    expect((await api.call('/job/run?image=echo&timeout=21')).status).toBe(200);
  });

  test('of time are what a job gets that asks for none', async () => {
    await post(`?${key('maxTimeoutSeconds')}=20&${key('maxKillTimeoutSeconds')}=3`);
    const { json } = await api.call('/jobs?image=echo', { method: 'POST' });
    const line = await api.call(`/jobs/${json.id}/reproduce`);
    expect(line.text).toMatch(/allows it 20 s/);
    expect(line.text).toMatch('--stop-timeout 3');
  });

  test('are there again after Redis has lost everything', async () => {
    await withRedis(api.redis, async (redis) => {
      await redis.flushall();
      await redis.call('CLIENT', 'KILL', 'TYPE', 'normal');
    });
    const readLimits = (redis: Parameters<Parameters<typeof withRedis>[1]>[0]) =>
      redis.hget(keys.limits, 'default:maxConcurrentRuns');
    await expect.poll(() => withRedis(api.redis, readLimits)).toBe('50');
  });
});
