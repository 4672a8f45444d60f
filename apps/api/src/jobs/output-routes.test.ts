import { keys } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';

const api = useTestApi(byImage);

async function run(image: string): Promise<string> {
  const answer = await api.call(`/jobs?image=${image}`, {
    method: 'POST',
    headers: { Prefer: 'wait=60' },
  });
  expect(answer.status).toBe(200);
  return answer.json.id;
}

describe('GET /jobs/{id}/output', () => {
  test('answers the bytes as they were written', async () => {
    const id = await run('bytes');
    const answer = await api.call(`/jobs/${id}/output`);
    expect(answer.bytes).toEqual(Buffer.from([0x61, 0xc3, 0xa9, 0xff, 0x7a]));
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'conjob-job-id': id,
      'conjob-conclusion': 'SUCCESS',
    });
  });

  test('answers one of the two streams', async () => {
    const id = await run('fail');
    expect((await api.call(`/jobs/${id}/output?stream=stdout`)).text).toBe('out ');
    expect((await api.call(`/jobs/${id}/output?stream=STDERR`)).text).toBe('err');
  });

  test.each([
    ['offset=0', 'out err'],
    ['offset=2', 't err'],
    ['offset=4', 'err'],
    ['offset=6', 'r'],
    ['offset=7', ''],
    ['offset=1000', ''],
    ['stream=stderr&offset=1', 'rr'],
  ])('goes on where a reader stopped: %s', async (search, text) => {
    const id = await run('fail');
    expect(await api.call(`/jobs/${id}/output?${search}`)).toMatchObject({ status: 200, text });
  });

  test('goes on in the midst of a large output', async () => {
    const id = await run('large');
    const all = await api.call(`/jobs/${id}/output`);
    const rest = await api.call(`/jobs/${id}/output?offset=2000001`);
    expect(rest.bytes.equals(all.bytes.subarray(2_000_001))).toBe(true);
  });

  test('answers what there is so far of a running job', async () => {
    const { id } = (await api.call('/jobs?image=hang', { method: 'POST' })).json;
    await until(async () => (await api.call(`/jobs/${id}/output`)).text === 'started');
    const answer = await api.call(`/jobs/${id}/output`);
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('conjob-conclusion');
    await api.call(`/jobs/${id}/cancel`, { method: 'POST' });
    await api.call(`/jobs/${id}?wait=60`);
  });

  test('answers nothing for a job that wrote nothing', async () => {
    const id = await run('silent');
    expect(await api.call(`/jobs/${id}/output`)).toMatchObject({ status: 200, text: '' });
  });

  test('answers HEAD without the bytes, and does not read them for that', async () => {
    const id = await run('echo');
    const reads: string[] = [];
    const monitor = await new Redis(api.redis.url).monitor();
    onTestFinished(() => monitor.disconnect());
    monitor.on('monitor', (_time, args: string[]) => {
      if (args[1]?.startsWith(keys.output(id, 1))) reads.push(args.join(' '));
    });
    for (const path of [`/jobs/${id}/output`, `/jobs/${id}/attempts/1/output`]) {
      const answer = await api.call(path, { method: 'HEAD' });
      expect(answer).toMatchObject({ status: 200, text: '' });
      expect(answer.headers).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'conjob-conclusion': 'SUCCESS',
      });
    }
    expect((await api.call(`/jobs/${id}/output?offset=1`)).status).toBe(200);
    await until(() => reads.length > 0);
    // That of the GET.
    expect(reads).toHaveLength(1);
  });

  test.each([
    ['stream=both', 'request.invalid'],
    ['offset=-1', 'request.invalid'],
    ['offset=x', 'request.invalid'],
    ['tail=5', 'request.unknown_parameter'],
    ['follow=yes', 'request.invalid'],
  ])('refuses %s', async (search, code) => {
    const answer = await api.call(`/jobs/j_00000000000000000000000000/output?${search}`);
    expect(answer.json).toMatchObject({ status: 400, code });
  });
});

describe('GET /jobs/{id}/attempts/{n}/output', () => {
  /** A job that fails with what its two attempts have written, one after the other. */
  async function runTwice(): Promise<string> {
    const retry = { maxAttempts: 2, on: ['exit:3'] };
    const headers = { 'Content-Type': 'application/json', Prefer: 'wait=60' };
    const body = JSON.stringify({ image: 'attempts', retry });
    const answer = await api.call('/jobs', { headers, body });
    expect(answer.json).toMatchObject({ state: 'finished', conclusion: 'SUCCESS' });
    return answer.json.id;
  }

  test('answers what each attempt has written', async () => {
    const id = await runTwice();
    const { json } = await api.call(`/jobs/${id}`);
    expect(json.output).toBe('attempt 2');
    expect(json.attempts).toMatchObject([
      { number: 1, conclusion: 'FAILURE', exitCode: 3, outputBytes: 9 },
      { number: 2, conclusion: 'SUCCESS', exitCode: 0, outputBytes: 9 },
    ]);
    const [first, second] = json.attempts;
    const answer = await api.call(first.links.output);
    expect(answer).toMatchObject({ status: 200, text: 'attempt 1' });
    expect(answer.headers).toMatchObject({
      'conjob-job-id': id,
      'conjob-conclusion': 'FAILURE',
      'conjob-exit-code': '3',
    });
    expect((await api.call(second.links.output)).text).toBe('attempt 2');
    expect((await api.call(`/jobs/${id}/output`)).text).toBe('attempt 1attempt 2');
    expect((await api.call(`/jobs/${id}/output?offset=8`)).text).toBe('1attempt 2');
    const range = '?stream=stdout&offset=8';
    expect((await api.call(`${first.links.output}${range}`)).text).toBe('1');
  });

  test.each(['0', '2', '01', '1.0', '-1', 'x', '%31'])(
    'answers 404 or the first: %s',
    async (n) => {
      const id = await run('echo');
      const answer = await api.call(`/jobs/${id}/attempts/${n}/output`);
      if (n === '%31') expect(answer.status).toBe(200);
      else expect(answer.json).toMatchObject({ status: 404, code: 'attempt.not_found' });
    },
  );

  test('answers 404 for an unknown job, and 405 for a method that is none', async () => {
    const path = '/jobs/j_00000000000000000000000000/attempts/1/output';
    expect((await api.call(path)).json).toMatchObject({ status: 404, code: 'job.not_found' });
    expect((await api.call(path, { method: 'POST' })).status).toBe(405);
  });
});

test('the result of a job that ended between two attempts has the output of none', async () => {
  const retry = { maxAttempts: 2, on: ['exit:3'], backoffSeconds: 3600 };
  const headers = { 'Content-Type': 'application/json' };
  const body = JSON.stringify({ image: 'attempts', retry });
  const { id } = (await api.call('/jobs', { headers, body })).json;
  const view = async () => (await api.call(`/jobs/${id}`)).json;
  await until(async () => (await view()).waiting !== null && (await view()).attempts.length === 1);
  expect((await api.call(`/jobs/${id}/output`)).text).toBe('attempt 1');
  await api.call(`/jobs/${id}/cancel`, { method: 'POST' });
  expect(await view()).toMatchObject({ conclusion: 'CANCELLED', output: '', outputBytes: 0 });
  expect((await api.call(`/jobs/${id}/output`)).text).toBe('attempt 1');
  expect((await api.call(`/jobs/${id}/attempts/1/output`)).text).toBe('attempt 1');
});
