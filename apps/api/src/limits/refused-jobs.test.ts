import { keys } from '@conjob/shared';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Answer } from '../testing/http-client.ts';
import { byImage } from '../testing/scripts.ts';
import { type StandInWorker, startStandInWorker } from '../testing/stand-in-worker.ts';
import { startTestApi, type TestApi, withRedis } from '../testing/test-api.ts';

const NONE = 1_000_000;
const JSON_ANSWER = { headers: { Accept: 'application/json' } };
const REJECTED = {
  id: null,
  conclusion: 'REJECTED',
  output: '',
  exitCode: -1,
  message: 'Concurrent job limit exceeded. Please wait then try again.',
};

let first: TestApi;
let second: TestApi;
let worker: StandInWorker;

beforeAll(async () => {
  first = await startTestApi();
  second = await startTestApi({}, first.redis);
  worker = await startStandInWorker(first.redis.url, byImage);
});
afterEach(async () => {
  await cancelAll();
  await set({ maxGlobalRequestsPerSecond: NONE, maxConcurrentRuns: NONE, maxQueuedJobs: NONE });
});
afterAll(async () => {
  await worker.close();
  await second.close();
  await first.close();
});

async function set(values: Record<string, number>): Promise<void> {
  const form = Object.entries(values).map(([name, value]) => `conjob.job.limit.${name}=${value}`);
  const answer = await second.callAdmin(`/tasks/config?${form.join('&')}`, { method: 'POST' });
  expect(answer.status).toBe(200);
}

const unfinished = async (): Promise<{ id: string; state: string }[]> => {
  const { json } = await first.call('/jobs?limit=100');
  return json.jobs.filter(({ state }: { state: string }) => state !== 'finished');
};

async function cancelAll(): Promise<void> {
  for (const { id } of await unfinished())
    await first.call(`/jobs/${id}/cancel`, { method: 'POST' });
  await expect.poll(unfinished).toEqual([]);
}

/** The jobs of other tests are longer ago than a second. */
async function quiet(): Promise<void> {
  const isListed = () => withRedis(first.redis, (redis) => redis.exists(keys.accepted));
  await expect.poll(isListed, { timeout: 10_000 }).toBe(0);
}

/** So many at the same time, half of them to either API. */
const atOnce = (count: number, path: string): Promise<Answer>[] =>
  Array.from({ length: count }, (_, n) => (n % 2 ? first : second).call(path, JSON_ANSWER));

test('of six runs at once with a limit of three new jobs a second, three are rejected', async () => {
  await quiet();
  await set({ maxGlobalRequestsPerSecond: 3 });
  const answers = await Promise.all(atOnce(6, '/job/run?image=echo&arg=hi'));
  const rejected = answers.filter(({ status }) => status === 503);
  expect(rejected).toHaveLength(3);
  for (const { json, headers } of rejected) {
    expect(json).toMatchObject({ ...REJECTED, error: { code: 'limit.requests' } });
    expect(headers).toMatchObject({
      'retry-after': '1',
      'conjob-conclusion': 'REJECTED',
      'conjob-error': 'limit.requests',
    });
    expect(headers).not.toHaveProperty('conjob-job-id');
  }
  const others = answers.filter(({ status }) => status === 200);
  expect(others.map(({ json }) => json.output)).toEqual(['hi', 'hi', 'hi']);
});

test('of six runs at once with a limit of three that run at once, three are rejected', async () => {
  await set({ maxConcurrentRuns: 3 });
  const answers = atOnce(6, '/job/run?image=hang');
  await expect.poll(async () => (await unfinished()).length).toBe(3);
  await cancelAll();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(statuses.sort()).toEqual([409, 409, 409, 503, 503, 503]);
});

test('runs that nobody has taken yet have their places', async () => {
  await worker.close();
  await set({ maxConcurrentRuns: 3 });
  const answers = atOnce(6, '/job/run?image=echo');
  await expect.poll(async () => (await unfinished()).length).toBe(3);
  expect((await unfinished()).map(({ state }) => state)).toEqual(['queued', 'queued', 'queued']);
  worker = await startStandInWorker(first.redis.url, byImage);
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(statuses.sort()).toEqual([200, 200, 200, 503, 503, 503]);
});

test('a run over a limit is told so in one line, where JSON is not asked for', async () => {
  await set({ maxConcurrentRuns: 0 });
  const answer = await first.call('/job/run?image=echo');
  expect(answer).toMatchObject({ status: 503 });
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(answer.text).toBe(
    `${REJECTED.message} limit.concurrent_runs: No more than 0 jobs may run at once. ` +
      'Try again later. An operator can change conjob.job.limit.maxConcurrentRuns.\n',
  );
});

test('what is submitted over the limit of jobs that run at once waits, and says why', async () => {
  await set({ maxConcurrentRuns: 0 });
  const { json } = await first.call('/jobs?image=echo', { method: 'POST' });
  expect(json).toMatchObject({ state: 'queued' });
  await first.call(`/jobs/${json.id}/cancel`, { method: 'POST' });
});

test.each([
  ['maxGlobalRequestsPerSecond', 'limit.requests'],
  ['maxQueuedJobs', 'queue.full'],
])('a job over %s is a problem with Retry-After, and there is no job', async (name, code) => {
  await set({ [name]: 0 });
  const before = (await first.call('/jobs?limit=100')).json.jobs.length;
  const answer = await first.call('/jobs?image=echo', { method: 'POST' });
  expect(answer.json).toMatchObject({ status: 503, code });
  expect(answer.headers['content-type']).toMatch('application/problem+json');
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  const run = await first.call('/job/run?image=echo', JSON_ANSWER);
  expect(run.json).toMatchObject({ ...REJECTED, error: { code } });
  expect((await first.call('/jobs?limit=100')).json.jobs).toHaveLength(before);
});

test('a request that was made before is answered whatever the limits are by now', async () => {
  const once = { ...JSON_ANSWER, headers: { 'Idempotency-Key': 'once' }, method: 'POST' };
  const made = await first.call('/jobs?image=echo', once);
  await set({ maxGlobalRequestsPerSecond: 0, maxConcurrentRuns: 0, maxQueuedJobs: 0 });
  const again = await second.call('/jobs?image=echo', once);
  expect(again).toMatchObject({ status: 202, headers: { 'idempotency-replayed': 'true' } });
  expect(again.headers['conjob-job-id']).toBe(made.headers['conjob-job-id']);
});

test('requests that are no jobs cost nothing', async () => {
  await quiet();
  await set({ maxGlobalRequestsPerSecond: 2, maxConcurrentRuns: 2 });
  const wrong = [
    '?image=',
    '',
    '?image=UPPER',
    '?image=a:b:c',
    '?image=echo&timeout=0',
    '?imag=echo',
  ];
  for (const search of [...wrong, ...wrong]) {
    expect((await first.call(`/job/run${search}`)).status).toBe(400);
  }
  // A reference without a slash is one as any other.
  const answers = await Promise.all(atOnce(2, '/job/run?image=echo'));
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
});
