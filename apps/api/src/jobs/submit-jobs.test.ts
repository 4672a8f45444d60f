import { describe, expect, test } from 'vitest';
import type { Call } from '../testing/http-client.ts';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';

const api = useTestApi(byImage);
const post: Call = { method: 'POST' };

function spec(value: unknown, headers: Call['headers'] = {}): Call {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  return { body, headers: { 'Content-Type': 'application/json', ...headers } };
}

describe('POST /jobs', () => {
  test('answers 202 with the job and its place', async () => {
    const answer = await api.call('/jobs?image=hang', post);
    expect(answer.status).toBe(202);
    const { id } = answer.json;
    expect(answer.headers).toMatchObject({
      location: `/jobs/${id}`,
      'conjob-job-id': id,
      'content-type': 'application/json; charset=utf-8',
    });
    expect(answer.json).toMatchObject({ conclusion: null, output: null, image: 'hang' });
    await api.call(`/jobs/${id}/cancel`, post);
    await api.call(`/jobs/${id}?wait=60`);
  });

  test('takes the query form, with the body as the argument whatever it is called', async () => {
    const answer = await api.call('/jobs?image=echo', spec('{"a":1}', { Prefer: 'wait=60' }));
    expect(answer.json).toMatchObject({ image: 'echo', output: '{"a":1}' });
  });

  test('answers 200 with the finished job to Prefer: wait', async () => {
    const call = spec({ image: 'fail' }, { Prefer: 'wait=60' });
    const answer = await api.call('/jobs', call);
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'preference-applied': 'wait=60',
      'conjob-conclusion': 'FAILURE',
      location: `/jobs/${answer.json.id}`,
    });
    expect(answer.json).toMatchObject({ conclusion: 'FAILURE', exitCode: 3, output: 'out err' });
  });

  test('gives stdin of a spec to standard input, even an empty one', async () => {
    const run = async (stdin: string) =>
      (await api.call('/jobs', spec({ image: 'cat', stdin }, { Prefer: 'wait=60' }))).json.output;
    expect(await run('héllo')).toBe('héllo');
    expect(await run('')).toBe('');
  });

  test('takes a spec as any JSON media type', async () => {
    for (const type of ['application/json; charset=UTF-8', 'application/vnd.x+json']) {
      const answer = await api.call('/jobs', spec({ image: 'echo' }, { 'Content-Type': type }));
      expect(answer.status).toBe(202);
    }
  });

  test.each<[string, unknown, string[]]>([
    ['no image', {}, ['image']],
    ['an empty object of nothing', '', ['image']],
    ['what is no object', [1], ['body']],
    ['null', 'null', ['body']],
    ['an unknown field', { image: 'a', imgae: 'b' }, ['imgae']],
    ['unknown fields deep inside', { image: 'a', resources: { gpus: 1 } }, ['resources.gpus']],
    ['wrong types', { image: 5, args: 'x', remove: 'yes' }, ['image', 'args', 'remove']],
    [
      'an argument that is no text',
      { image: 'a', args: ['a', 1, 'c', null] },
      ['args[1]', 'args[3]'],
    ],
    ['NUL in an argument', { image: 'a', args: ['a', 'b\0'] }, ['args[1]']],
    ['half a character', { image: 'a', args: ['\ud800'] }, ['args[0]']],
    ['half a character of input', '{"image":"a","stdin":"\\udc00"}', ['stdin']],
    ['a bad name in env', { image: 'a', env: { 'A=B': 'x' } }, ['env.A=B']],
    ['a bad value in env', { image: 'a', env: { A: 1 } }, ['env.A']],
    ['too little memory', { image: 'a', resources: { memoryBytes: 1 } }, ['resources.memoryBytes']],
    ['a relative workdir', { image: 'a', workdir: 'tmp' }, ['workdir']],
    ['a bad platform', { image: 'a', platform: 'linux' }, ['platform']],
    ['a bad label', { image: 'a', labels: { 'A B': 'x' } }, ['labels.A B']],
    [
      'times out of range',
      { image: 'a', timeoutSeconds: 1801, retentionSeconds: 0 },
      ['timeoutSeconds', 'retentionSeconds'],
    ],
    ['a time beyond all numbers', { image: 'a', timeoutSeconds: 1e30 }, ['timeoutSeconds']],
    ['a time that is no number', { image: 'a', timeoutSeconds: '5' }, ['timeoutSeconds']],
  ])('refuses %s, field by field', async (_what, value, paths) => {
    const answer = await api.call('/jobs', spec(value));
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.json).toMatchObject({ code: 'request.invalid', instance: '/jobs' });
    expect(answer.json.errors.map(({ path }: { path: string }) => path)).toEqual(paths);
  });

  test.each<[string, object, string]>([
    ['an argument', { args: ['a', 'x'.repeat(128 * 1024)] }, 'args[1]'],
    ['a variable', { env: { A: 'x'.repeat(128 * 1024 - 2) } }, 'env.A'],
    ['a part of the entrypoint', { entrypoint: ['x'.repeat(128 * 1024)] }, 'entrypoint[0]'],
    ['the sum of all', { args: Array(20).fill('x'.repeat(110_000)) }, 'args'],
  ])('refuses %s larger than the kernel takes', async (_what, fields, path) => {
    const answer = await api.call('/jobs', spec({ image: 'a', ...fields }));
    expect(answer.status).toBe(413);
    expect(answer.json).toMatchObject({ code: 'argument.too_large', errors: [{ path }] });
    expect(answer.json.hint).toContain('stdin');
  });

  test.each([
    ['text that is no JSON', '{"image":', 'application/json', 400, 'request.malformed'],
    [
      'bytes that are no text',
      Buffer.of(0x22, 0xff, 0x22),
      'application/json',
      400,
      'request.malformed',
    ],
    ['YAML', 'image: a', 'application/yaml', 415, 'request.unsupported_media_type'],
    [
      'another charset',
      '{}',
      'application/json; charset=utf-16',
      415,
      'request.unsupported_media_type',
    ],
    [
      'a form',
      'image=a',
      'application/x-www-form-urlencoded',
      415,
      'request.unsupported_media_type',
    ],
  ])('refuses %s', async (_what, body, type, status, code) => {
    const answer = await api.call('/jobs', { body, headers: { 'Content-Type': type } });
    expect(answer.json).toMatchObject({ status, code });
    expect(answer.status).toBe(status);
  });

  test('refuses a spec together with a query', async () => {
    const answer = await api.call('/jobs?wait=5', spec({ image: 'a' }));
    expect(answer.json).toMatchObject({ status: 400, code: 'request.unknown_parameter' });
  });

  test('refuses a name that objects use themselves, rather than lose it', async () => {
    for (const body of ['{"image":"a","env":{"__proto__":"x"}}', '{"image":"a","__proto__":{}}']) {
      const answer = await api.call('/jobs', spec(body));
      expect(answer.json).toMatchObject({ status: 400, errors: [{ path: '__proto__' }] });
    }
    const { id } = (await api.call('/jobs', spec({ image: 'echo', env: { toString: 'y' } }))).json;
    expect((await api.call(`/jobs/${id}/reproduce`)).text).toContain('--env toString=y');
  });
});

describe('Idempotency-Key', () => {
  const keyed = (key: string, value: object) => spec(value, { 'Idempotency-Key': key });

  test('makes one job of 50 equal requests at once', async () => {
    const calls = Array.from({ length: 50 }, () =>
      api.call('/jobs', keyed('fifty', { image: 'echo' })),
    );
    const answers = await Promise.all(calls);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
    const replays = answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true');
    expect(replays).toHaveLength(49);
  });

  test('refuses another request with the same key', async () => {
    await api.call('/jobs', keyed('other', { image: 'echo', args: ['a'] }));
    const answer = await api.call('/jobs', keyed('other', { image: 'echo', args: ['b'] }));
    expect(answer.json).toMatchObject({ status: 422, code: 'idempotency.mismatch' });
    expect(answer.headers).not.toHaveProperty('conjob-job-id');
  });

  test('is not used up by a request that was refused', async () => {
    await api.call('/jobs', keyed('refused', { image: 'UPPER' }));
    expect((await api.call('/jobs', keyed('refused', { image: 'echo' }))).status).toBe(202);
  });

  test('answers 410 when its job was deleted', async () => {
    const call = spec({ image: 'echo' }, { 'Idempotency-Key': 'deleted', Prefer: 'wait=60' });
    const { id } = (await api.call('/jobs', call)).json;
    await api.call(`/jobs/${id}`, { method: 'DELETE' });
    expect((await api.call('/jobs', call)).json).toMatchObject({ status: 410, code: 'job.gone' });
  });
});
