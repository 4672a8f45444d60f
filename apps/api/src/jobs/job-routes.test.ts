import { RECORD_VERSION } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { describe, expect, test } from 'vitest';
import { undescribedAnswers } from '../testing/described-answers.ts';
import type { Call } from '../testing/http-client.ts';
import { byImage } from '../testing/scripts.ts';
import { useTestApi, withRedis } from '../testing/test-api.ts';
import { forgetWorkers, reportWorker } from '../testing/worker-report.ts';

const api = useTestApi(byImage);
const NOBODY = 'j_00000000000000000000000000';
const post: Call = { method: 'POST' };

async function submit(value: object): Promise<string> {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await api.call('/jobs', { body: JSON.stringify(value), headers });
  expect(answer.status).toBe(202);
  return answer.json.id;
}

async function finished(value: object): Promise<string> {
  const id = await submit(value);
  expect((await api.call(`/jobs/${id}?wait=60`)).json.state).toBe('finished');
  return id;
}

async function hanging(value: object = {}): Promise<string> {
  const id = await submit({ image: 'hang', ...value });
  await until(async () => (await api.call(`/jobs/${id}`)).json.state === 'running');
  return id;
}

async function end(id: string): Promise<void> {
  await api.call(`/jobs/${id}/cancel`, post);
  await api.call(`/jobs/${id}?wait=60`);
}

describe('GET /jobs/{id}', () => {
  test('shows a finished job whole', async () => {
    const id = await finished({ image: 'fail', labels: { team: 'a' } });
    const answer = await api.call(`/jobs/${id}`);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(answer.json).toEqual({
      id,
      state: 'finished',
      phase: null,
      progress: null,
      conclusion: 'FAILURE',
      exitCode: 3,
      message: 'Job run failed.',
      error: null,
      cancelReason: null,
      image: 'fail',
      secretEnv: [],
      imageDigest: null,
      sandbox: null,
      output: 'out err',
      outputBytes: 7,
      outputTruncated: false,
      outputMasked: false,
      labels: { team: 'a' },
      group: 'default',
      traceparent: null,
      attempts: [
        {
          number: 1,
          worker: 'stand-in',
          startedAt: time,
          finishedAt: time,
          conclusion: 'FAILURE',
          exitCode: 3,
          error: null,
          outputBytes: 7,
          outputTruncated: false,
          outputMasked: false,
          timings: { queueMs: expect.any(Number), pullMs: null, createMs: null, runMs: null },
          links: { output: `/jobs/${id}/attempts/1/output` },
        },
      ],
      createdAt: time,
      startedAt: time,
      finishedAt: time,
      timings: { queueMs: expect.any(Number), pullMs: null, createMs: null, runMs: null },
      waiting: null,
      links: {
        self: `/jobs/${id}`,
        output: `/jobs/${id}/output`,
        events: `/jobs/${id}/events`,
        cancel: `/jobs/${id}/cancel`,
      },
    });
    expect(answer.headers).toMatchObject({
      'conjob-job-id': id,
      'conjob-conclusion': 'FAILURE',
      'conjob-exit-code': '3',
    });
  });

  test('shows a running job without output', async () => {
    const id = await hanging();
    expect((await api.call(`/jobs/${id}`)).json).toMatchObject({
      state: 'running',
      phase: 'pulling',
      conclusion: null,
      output: null,
      attempts: [{ number: 1, finishedAt: null, conclusion: null }],
    });
    await end(id);
  });

  test('?wait=0 answers at once', async () => {
    const id = await hanging();
    expect((await api.call(`/jobs/${id}?wait=0`)).json.state).toBe('running');
    await end(id);
  });

  test('?wait=1 answers the unfinished job after a second', async () => {
    const id = await hanging();
    expect((await api.call(`/jobs/${id}?wait=1`)).json.state).toBe('running');
    await end(id);
  });

  test.each([{ wait: '?wait=60' }, { prefer: 'wait=60' }, { prefer: 'wait=9999' }])(
    'waits for the end: %j',
    async ({ wait = '', prefer }) => {
      const id = await hanging();
      const headers: Record<string, string> = prefer === undefined ? {} : { Prefer: prefer };
      const answer = api.call(`/jobs/${id}${wait}`, { headers });
      await api.call(`/jobs/${id}/cancel`, post);
      expect((await answer).json).toMatchObject({ state: 'finished', conclusion: 'CANCELLED' });
      const applied = prefer === undefined ? undefined : `wait=${prefer === 'wait=60' ? 60 : 300}`;
      expect((await answer).headers['preference-applied']).toBe(applied);
    },
  );

  test('for a job that is not there applies no preference', async () => {
    const answer = await api.call('/jobs/none', { headers: { Prefer: 'wait=0' } });
    expect(answer.status).toBe(404);
    expect(answer.headers).not.toHaveProperty('preference-applied');
  });

  test.each(['301', '-1', '', '1.5', 'x'])('refuses ?wait=%s', async (wait) => {
    const answer = await api.call(`/jobs/${NOBODY}?wait=${wait}`);
    expect(answer.json).toMatchObject({ status: 400, errors: [{ path: 'wait' }] });
  });

  test('answers 304 to who has this state already', async () => {
    const id = await hanging();
    const running = (await api.call(`/jobs/${id}`)).headers.etag ?? '';
    const ask = () => api.call(`/jobs/${id}`, { headers: { 'If-None-Match': running } });
    const same = await ask();
    expect(same).toMatchObject({ status: 304, text: '' });
    expect(same.headers.etag).toBe(running);
    await end(id);
    const changed = await ask();
    expect(changed.status).toBe(200);
    expect(changed.headers.etag).not.toBe(running);
  });

  test('answers 304 for a finished job without a look at its output', async () => {
    const id = await finished({ image: 'large' });
    const { etag = '' } = (await api.call(`/jobs/${id}`)).headers;
    const reads = () =>
      withRedis(
        api.redis,
        async (redis) => /cmdstat_xrange:calls=\d+/.exec(await redis.info('commandstats'))?.[0],
      );
    const before = await reads();
    for (const tag of [etag, '*', `W/${etag}, "other"`]) {
      const answer = await api.call(`/jobs/${id}`, { headers: { 'If-None-Match': tag } });
      expect(answer).toMatchObject({ status: 304, text: '', headers: { etag } });
    }
    const head = await api.call(`/jobs/${id}`, { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, text: '', headers: { etag } });
    expect(await reads()).toBe(before);
  });

  test('gives a large output as JSON, whole', async () => {
    const id = await finished({ image: 'large' });
    const { json } = await api.call(`/jobs/${id}`);
    const { bytes } = await api.call(`/jobs/${id}/output`);
    expect(json.output).toBe(bytes.toString('utf8'));
  });

  test.each([NOBODY, 'j_1', 'nonsense', '..%2f..%2fetc', 'x'.repeat(1000)])(
    'answers 404 for the unknown id %s',
    async (id) => {
      for (const call of [
        api.call(`/jobs/${id}`),
        api.call(`/jobs/${id}/output`),
        api.call(`/jobs/${id}/reproduce`),
        api.call(`/jobs/${id}/cancel`, post),
        api.call(`/jobs/${id}`, { method: 'DELETE' }),
      ]) {
        expect((await call).json).toMatchObject({ status: 404, code: 'job.not_found' });
      }
    },
  );

  test('refuses an id with a malformed %', async () => {
    expect((await api.call('/jobs/%zz')).json).toMatchObject({
      status: 400,
      code: 'request.malformed',
    });
  });
});

describe('cancel and delete', () => {
  test('cancel ends a running job', async () => {
    const id = await hanging();
    const answer = await api.call(`/jobs/${id}/cancel`, post);
    expect(answer.status).toBe(202);
    expect(answer.json.id).toBe(id);
    const ended = (await api.call(`/jobs/${id}?wait=60`)).json;
    expect(ended).toMatchObject({ conclusion: 'CANCELLED', exitCode: -1, output: 'started' });
  });

  test('cancel and delete answer 409 where they come too late, or too early', async () => {
    const running = await hanging();
    const early = await api.call(`/jobs/${running}`, { method: 'DELETE' });
    expect(early.json).toMatchObject({ status: 409, code: 'job.unfinished' });
    await end(running);
    const late = await api.call(`/jobs/${running}/cancel`, post);
    expect(late.json).toMatchObject({ status: 409, code: 'job.finished' });
  });

  test('delete forgets a job with its output', async () => {
    const id = await finished({ image: 'echo', args: ['x'] });
    const answer = await api.call(`/jobs/${id}`, { method: 'DELETE' });
    expect(answer).toMatchObject({ status: 204, text: '' });
    expect((await api.call(`/jobs/${id}`)).status).toBe(404);
    expect((await api.call(`/jobs/${id}/output`)).status).toBe(404);
    expect((await api.call(`/jobs/${id}`, { method: 'DELETE' })).status).toBe(404);
  });
});

test('reproduce answers the line as text', async () => {
  const id = await finished({ image: 'echo', args: ["it's"] });
  const answer = await api.call(`/jobs/${id}/reproduce`);
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(answer.text).toContain(`echo 'it'\\''s'\n`);
});

test.each([
  ['PUT', '/jobs', 'GET, HEAD, POST, OPTIONS'],
  ['POST', `/jobs/${NOBODY}`, 'GET, HEAD, DELETE, OPTIONS'],
  ['GET', `/jobs/${NOBODY}/cancel`, 'POST, OPTIONS'],
  ['DELETE', `/jobs/${NOBODY}/output`, 'GET, HEAD, OPTIONS'],
  ['POST', `/jobs/${NOBODY}/reproduce`, 'GET, HEAD, OPTIONS'],
  ['POST', '/livez', 'GET, HEAD, OPTIONS'],
])('%s %s answers 405 and what is allowed', async (method, path, allow) => {
  const answer = await api.call(path, { method });
  expect(answer.json).toMatchObject({ status: 405, code: 'method.not_allowed' });
  expect(answer.headers.allow).toBe(allow);
  const options = await api.call(path, { method: 'OPTIONS' });
  expect(options).toMatchObject({ status: 204, headers: { allow } });
});

test.each(['/', '/job', '/job/run/x', '/jobs/a/b', '/favicon.ico'])(
  'answers 404 as a problem at %s',
  async (path) => {
    const answer = await api.call(path, { headers: { Accept: 'text/html' } });
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.json).toMatchObject({ status: 404, code: 'path.not_found', instance: path });
    expect(answer.json.hint).toContain('/docs');
  },
);

describe('a job that a newer version has written', () => {
  test('is shown, waits, and says for what', async () => {
    const id = await submit({ image: 'echo', requires: { gpu: 'true' } });
    await withRedis(api.redis, async (redis) => {
      await redis.hset(
        `{conjob}:job:${id}`,
        'v',
        RECORD_VERSION + 1,
        'novelty',
        'x',
        'phase',
        'warming',
      );
      await reportWorker(redis, { labels: { gpu: 'true' } });
    });
    const waiting = async () => (await api.call(`/jobs/${id}`)).json.waiting;
    await expect.poll(waiting).toEqual({
      position: 1,
      reason: 'It was written by a newer version of ConJob than any worker that fits reads.',
    });
    expect((await api.call('/jobs')).json.jobs[0].id).toBe(id);
    await withRedis(api.redis, forgetWorkers);
    await api.call(`/jobs/${id}/cancel`, post);
    expect(await undescribedAnswers()).toContainEqual(expect.stringContaining(' /phase '));
  });

  test('is shown with a conclusion that is not known', async () => {
    const id = await finished({ image: 'echo' });
    await withRedis(api.redis, async (redis) => {
      const key = `{conjob}:job:${id}`;
      const result = JSON.parse((await redis.hget(key, 'result')) ?? '');
      await redis.hset(key, 'v', 2, 'result', JSON.stringify({ ...result, conclusion: 'SKIPPED' }));
    });
    const answer = await api.call(`/jobs/${id}`);
    expect(answer.json).toMatchObject({ conclusion: 'SKIPPED', message: 'Unknown outcome.' });
    expect(await undescribedAnswers()).toContainEqual(expect.stringContaining(' /conclusion '));
  });
});
