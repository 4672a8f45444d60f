import { gzipSync } from 'node:zlib';
import { until } from '@conjob/testkit';
import { describe, expect, test } from 'vitest';
import { openRaw } from '../testing/raw-client.ts';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';

const api = useTestApi(byImage, {
  MAX_INPUT_BYTES: '1000000',
  HEADERS_TIMEOUT_SECONDS: '1',
  REQUEST_TIMEOUT_SECONDS: '2',
});
const spec = (body: string | Buffer, headers: Record<string, string> = {}) =>
  api.call('/jobs', { body, headers: { 'Content-Type': 'application/json', ...headers } });
const HEAD = 'GET /livez HTTP/1.1\r\nHost: x\r\n';

async function statusesOf(bytes: string | Buffer): Promise<readonly number[]> {
  const client = openRaw(api.api.port);
  client.send(bytes);
  await client.closed;
  return client.statuses;
}

describe('headers', () => {
  test.each([
    ['64 kB of one header', `${HEAD}X: ${'x'.repeat(64 * 1024)}\r\n\r\n`, 431],
    ['64 kB of URL', `GET /livez?${'x'.repeat(64 * 1024)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ['64 kB of many headers', `${HEAD}${'X: x\r\n'.repeat(11_000)}\r\n`, 431],
    ['101 headers', `${HEAD}${'X: x\r\n'.repeat(100)}\r\n`, 431],
    ['no Host', 'GET /livez HTTP/1.1\r\n\r\n', 400],
    ['CR LF in an Idempotency-Key', `${HEAD}Idempotency-Key: a\r\n b\r\n\r\n`, 400],
  ])('%s: %i', async (_what, bytes, status) => {
    expect(await statusesOf(bytes)).toEqual([status]);
  });

  test('100 headers are read', async () => {
    expect(await statusesOf(`${HEAD}${'X: x\r\n'.repeat(98)}Connection: close\r\n\r\n`)).toEqual([
      200,
    ]);
  });
});

describe('a body', () => {
  test.each(['gzip', 'br', 'deflate', 'x-bomb', 'gzip, gzip'])(
    'with Content-Encoding %s is not unpacked: 415',
    async (encoding) => {
      const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));
      const answer = await spec(bomb, { 'Content-Encoding': encoding });
      expect(answer.json).toMatchObject({ status: 415, code: 'request.unsupported_media_type' });
      expect(answer.headers['accept-encoding']).toBe('identity');
    },
  );

  test('over the limit is refused by its announced length, before it is sent', async () => {
    const client = openRaw(api.api.port);
    client.send('POST /jobs?image=echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000001\r\n\r\n');
    await until(() => client.statuses.length > 0);
    expect(client.statuses).toEqual([413]);
    client.leave();
  });

  test.each([
    ['by its length', 'Content-Length: 10\r\n\r\nhello'],
    ['in a chunk', 'Transfer-Encoding: chunked\r\n\r\na\r\nhello'],
    ['between chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
  ])('that is cut off %s makes no job', async (_how, rest) => {
    const client = openRaw(api.api.port);
    client.send(`POST /jobs?image=echo HTTP/1.1\r\nHost: x\r\n${rest}`);
    client.socket.end();
    await client.closed;
    expect((await api.call('/jobs')).json.jobs).toEqual([]);
  });
});

describe('JSON', () => {
  test.each([
    ['arrays', '['],
    ['objects', '{"image":'],
    ['objects in a field that is there', '{"labels":'],
  ])('of 100,000 nested %s is a 400', async (_what, open) => {
    const answer = await spec(open.repeat(100_000));
    expect(answer.status).toBe(400);
  });

  test.each([
    ["{'image': 'echo'}", ': look at line 1, column 2'],
    ['{"image": "echo",\n "secretEnv": {"A": "hush"},}', ': look at line 2, column 29'],
    ['{"image":', ': it ends too early'],
    ['hush', ''],
    ['{"secretEnv": hush at position 4 (line 1 column 5)', ''],
    ['{"secretEnv": {"A": hush}, "b": "Unexpected end of JSON input"}', ''],
  ])('that is no JSON is told where, and nothing of it: %s', async (body, place) => {
    const { json, text } = await spec(body);
    expect(json).toMatchObject({ status: 400, code: 'request.malformed' });
    expect(json.detail).toBe(`A job spec must be valid JSON${place}.`);
    expect(text).not.toContain('hush');
  });

  test('that is valid and 10,000 deep is a 400', async () => {
    const deep = `{"image":"echo","labels":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`;
    const { json } = await spec(deep);
    expect(json).toMatchObject({ status: 400, detail: 'A job spec is nested too deeply.' });
  });

  test.each([
    '{"image":"echo","__proto__":{"remove":true}}',
    '{"image":"echo","labels":{"__proto__":"x"}}',
    '{"image":"echo","env":{"__proto__":"x"}}',
    '{"image":"echo","resources":{"__proto__":{"cpus":1}}}',
    '{"image":"echo","constructor":{"prototype":{"x":1}}}',
  ])('%s names a field that can not be', async (body) => {
    const answer = await spec(body);
    expect(answer.json).toMatchObject({ status: 400, code: 'request.invalid' });
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  test.each([
    ['bytes that are no UTF-8', Buffer.of(0x7b, 0xff, 0x7d)],
    ['UTF-8 that is too long for its character', Buffer.of(0x22, 0xc0, 0xaf, 0x22)],
    ['half a surrogate pair', Buffer.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
    ['UTF-16', Buffer.from('{"image":"echo"}', 'utf16le')],
    ['a name that is there twice and no JSON behind it', Buffer.from('{"image":"a","image":"b"')],
  ])('of %s is a 400', async (_what, body) => {
    expect((await spec(body)).json).toMatchObject({ status: 400, code: 'request.malformed' });
  });
});

describe('the query', () => {
  test.each([
    ['a key twice', 'image=echo&image=fail'],
    ['a key twice, one of them encoded', 'image=echo&%69mage=fail'],
    ['a key with brackets', 'image[]=echo'],
    ['a key as an object', 'image[a]=echo'],
    ['__proto__', 'image=echo&__proto__=x'],
    ['__proto__ with brackets', 'image=echo&__proto__[remove]=true'],
    ['constructor', 'image=echo&constructor=x'],
    ['bytes that are no UTF-8', 'image=echo&arg=%ff'],
    ['UTF-8 that is too long for its character', 'image=echo&arg=%c0%af'],
    ['a malformed %', 'image=echo&arg=%zz'],
    ['CR LF in an image', 'image=echo%0d%0aX-Injected:%20yes'],
    ['a line separator in a label', 'image=echo&label=a%e2%80%a8:b'],
    ['CR LF in a name', 'image=echo&a%0d%0ab=1'],
  ])('with %s is a 400, without a job', async (_what, query) => {
    const answer = await api.call(`/jobs?${query}`, { method: 'POST' });
    expect(answer.status).toBe(400);
    expect(answer.headers).not.toHaveProperty('x-injected');
    expect((await api.call('/jobs')).json.jobs).toEqual([]);
  });
});
