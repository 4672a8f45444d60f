import { keys } from '@conjob/shared';
import { beforeAll, expect, test } from 'vitest';
import { byImage } from '../testing/scripts.ts';
import { startTestApi, useTestApi, withRedis } from '../testing/test-api.ts';
import { reportWorker } from '../testing/worker-report.ts';

const api = useTestApi(byImage, { JOB_LIMIT_QUEUED: '1000' });
const HELD = { none: { ready: 2, inUse: 1 }, bridge: { ready: 0, inUse: 0 } };
const CONFIG = '/tasks/config?conjob.job.limit.maxConcurrentRuns=';

const scrape = async () => {
  const answer = await api.callAdmin('/metrics');
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  return answer.text;
};
/** The value of a line, by all that stands before it. */
const sampleOf = (text: string, name: string) =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length),
  );

beforeAll(async () => {
  await withRedis(api.redis, (redis) =>
    reportWorker(redis, { slots: 4, running: 1, heldNetworks: HELD }),
  );
  for (const image of ['echo', 'fail', 'timings']) await api.call(`/job/run?image=${image}`);
});

test('tells how jobs ended, and how long they took', async () => {
  const text = await scrape();
  const finished = (conclusion: string) =>
    sampleOf(text, `conjob_jobs_finished_total{conclusion="${conclusion}"}`);
  expect(['SUCCESS', 'FAILURE', 'TIMED_OUT'].map(finished)).toEqual([2, 1, 0]);
  const bucket = (part: string, le: string) =>
    sampleOf(text, `conjob_job_duration_seconds_bucket{part="${part}",le="${le}"}`);
  expect([bucket('run', '0.01'), bucket('run', '7200'), bucket('run', '+Inf')]).toEqual([1, 1, 1]);
  expect(sampleOf(text, 'conjob_job_duration_seconds_sum{part="run"}')).toBe(0.004);
  expect(sampleOf(text, 'conjob_job_duration_seconds_count{part="queue"}')).toBe(3);
});

test('tells what waits and runs, on what, within which limits', async () => {
  await api.callAdmin(`${CONFIG}0`, { method: 'POST' });
  const { json } = await api.call('/jobs', {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ image: 'echo', requires: { nobody: 'has' } }),
  });
  const text = await scrape();
  expect(sampleOf(text, 'conjob_jobs_queued')).toBe(1);
  expect(sampleOf(text, 'conjob_groups_queued')).toBe(1);
  expect(sampleOf(text, 'conjob_jobs_running')).toBe(0);
  expect(sampleOf(text, 'conjob_workers{state="ready"}')).toBe(1);
  expect(sampleOf(text, 'conjob_worker_slots')).toBe(4);
  expect(sampleOf(text, 'conjob_worker_slots_used')).toBe(1);
  const held = (of: string) => sampleOf(text, `conjob_held_networks{${of}}`);
  expect(held('network="none",state="ready"')).toBe(2);
  expect(held('network="none",state="in_use"')).toBe(1);
  expect(held('network="bridge",state="in_use"')).toBe(0);
  expect(sampleOf(text, 'conjob_limit{limit="maxConcurrentRuns"}')).toBe(0);
  expect(sampleOf(text, 'conjob_limit{limit="maxQueuedJobs"}')).toBe(1000);
  await api.call(`/jobs/${json.id}/cancel`, { method: 'POST' });
});

test('counts what was refused, by the limit', async () => {
  await api.callAdmin(`${CONFIG}0`, { method: 'POST' });
  await api.call('/job/run?image=echo');
  await api.call('/job/run?image=echo');
  await api.callAdmin(`${CONFIG}1000000`, { method: 'POST' });
  const refused = sampleOf(await scrape(), 'conjob_jobs_refused_total{limit="maxConcurrentRuns"}');
  expect(refused).toBe(2);
});

test('has names and labels that no caller can add to, and each family once', async () => {
  const families = (text: string) => text.match(/^# TYPE \S+/gm)?.sort() ?? [];
  const lines = (text: string) => text.match(/^conjob\S+/gm)?.length;
  const before = await scrape();
  await withRedis(api.redis, (redis) => redis.hincrby(keys.totals, 'finished:NEWER', 1));
  await api.call('/job/run?image=silent');
  const after = await scrape();
  expect(new Set(families(after)).size).toBe(families(after).length);
  expect(families(after)).toEqual(families(before));
  expect(lines(after)).toBe((lines(before) ?? 0) + 1);
  expect(sampleOf(after, 'conjob_jobs_finished_total{conclusion="other"}')).toBe(1);
});

test('says that Redis is away, and what it knows without it', async () => {
  const own = await startTestApi();
  await own.redis.stop();
  const { status, text } = await own.callAdmin('/metrics');
  expect(status).toBe(200);
  expect(sampleOf(text, 'conjob_redis_up')).toBe(0);
  expect(text).not.toMatch('conjob_jobs_queued');
  expect(sampleOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(0);
  await own.api.close();
});
