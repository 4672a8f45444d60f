import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, CALLER, LOGINS, makeToken } from '../testing/logins.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let token: string;
beforeAll(async () => {
  api = await startTestApi(LOGINS);
  token = await makeToken(api, 'name=t1&role=read');
});
afterAll(() => api?.close());

const authorized = (value: string | string[]) =>
  api.call('/jobs', { headers: { Authorization: value } });
const encoded = (login: string | Buffer) => Buffer.from(login).toString('base64');
const RIGHT = encoded('caller:hush-caller:ü');

describe('a login or token is taken', () => {
  test.each([
    ['as curl sends it', () => `Basic ${RIGHT}`],
    ['by any case of its scheme', () => `bASIC ${RIGHT}`],
    ['after several spaces', () => `Basic   ${RIGHT}`],
    ['without its padding', () => `Basic ${RIGHT.replace(/=+$/, '')}`],
    ['as a token', () => `Bearer ${token}`],
    ['as a token, by any case of its scheme', () => `bearer ${token}`],
  ])('%s', async (_how, value) => {
    expect((await authorized(value())).status).toBe(200);
  });
});

describe('every other request is refused with the same answer', () => {
  test.each<[string, () => string | string[]]>([
    ['an empty header', () => ''],
    ['a scheme alone', () => 'Basic'],
    ['a scheme and spaces', () => 'Basic   '],
    ['another scheme', () => `Digest ${RIGHT}`],
    ['no scheme', () => RIGHT],
    ['a tab for the space', () => `Basic\t${RIGHT}`],
    ['something after it', () => `Basic ${RIGHT} x`],
    ['a wrong password', () => `Basic ${encoded('caller:hush-caller')}`],
    ['a wrong user', () => `Basic ${encoded('Caller:hush-caller:ü')}`],
    ['no password', () => `Basic ${encoded('caller:')}`],
    ['no user', () => `Basic ${encoded(':hush-caller:ü')}`],
    ['nothing at all', () => `Basic ${encoded(':')}`],
    ['no colon', () => `Basic ${encoded('caller')}`],
    ['a NUL at the end', () => `Basic ${encoded('caller:hush-caller:ü\0')}`],
    ['a NUL in the name', () => `Basic ${encoded('caller\0:hush-caller:ü')}`],
    ['another encoding', () => `Basic ${encoded(Buffer.from('caller:hush-caller:ü', 'latin1'))}`],
    ['no UTF-8', () => `Basic ${encoded(Buffer.from([0xff, 0x3a, 0xfe]))}`],
    ['no Base64', () => `Basic ${RIGHT.slice(0, -4)}!${RIGHT.slice(-4)}`],
    ['the login as a token', () => `Bearer ${RIGHT}`],
    ['the token as a login', () => `Basic ${encoded(`t1:${token}`)}`],
    ['half a token', () => `Bearer ${token.slice(0, -1)}`],
    ['a token and more', () => `Bearer ${token}A`],
    ['a token in capitals', () => `Bearer ${token.toUpperCase()}`],
    ['a name of Redis', () => 'Bearer *'],
    ['15 KiB', () => `Basic ${'A'.repeat(15 * 1024)}`],
    ['two equal headers', () => [`Basic ${RIGHT}`, `Basic ${RIGHT}`]],
    ['a right one and a wrong one', () => [`Basic ${RIGHT}`, `Basic ${encoded('a:b')}`]],
    ['a wrong one and a right one', () => [`Basic ${encoded('a:b')}`, `Bearer ${token}`]],
    ['two in one header', () => `Basic ${RIGHT}, Basic ${RIGHT}`],
  ])('%s', async (_what, value) => {
    const without = await api.call('/jobs');
    const { status, json, headers } = await authorized(value());
    expect({ status, json }).toEqual({ status: 401, json: without.json });
    expect(json).toMatchObject({ status: 401, code: 'auth.required' });
    expect(headers['content-type']).toBe(without.headers['content-type']);
    expect(headers['www-authenticate']).toBe(
      'Basic realm="ConJob", charset="UTF-8", Bearer realm="ConJob"',
    );
    expect(headers['cache-control']).toBe('no-store');
  });

  test('also in the query, where logs would keep it', async () => {
    for (const search of [`access_token=${token}`, `authorization=Basic+${RIGHT}`]) {
      expect((await api.call(`/jobs?${search}`)).status).toBe(401);
    }
  });

  test('as one line of text to a text client of /job/run', async () => {
    const { status, text: body, headers } = await api.call('/job/run?image=alpine');
    expect(status).toBe(401);
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(body).toMatch(/^auth\.required: .*\n$/);
  });

  test('before its body is read', async () => {
    const body = Buffer.alloc(11 * 1024 * 1024);
    expect((await api.call('/jobs?image=alpine', { body })).status).toBe(401);
  });
});

/** What Node's own client would not send. */
async function sendRaw(header: Buffer | string): Promise<string> {
  const { hostname, port } = new URL(api.api.url);
  const socket = connect(Number(port), hostname);
  const lines = ['GET /jobs HTTP/1.1', 'Host: localhost', 'Connection: close', ''].join('\r\n');
  socket.write(Buffer.concat([Buffer.from(lines), Buffer.from(header), Buffer.from('\r\n\r\n')]));
  return text(socket);
}

test.each<[string, Buffer | string, number]>([
  ['a NUL', `Authorization: Basic ${RIGHT}\0`, 400],
  ['a line break', `Authorization: Basic\r\n ${RIGHT}`, 400],
  ['a space before the colon', `Authorization : Basic ${RIGHT}`, 400],
  ['bytes that are no UTF-8', Buffer.from(`Authorization: Basic \xff\xfe`, 'latin1'), 401],
  ['more than headers may have', `Authorization: Basic ${'A'.repeat(17 * 1024)}`, 431],
])('a raw header with %s lets nobody in', async (_what, header, status) => {
  expect(await sendRaw(header)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(await sendRaw(`Authorization: Basic ${RIGHT}`)).toMatch(/^HTTP\/1\.1 200 /);
});

describe('while Redis is away', () => {
  test('a login is still known, a token lets nobody in, and probes answer', async () => {
    await api.redis.crash();
    try {
      const answers = {
        login: await api.call('/jobs', CALLER),
        wrong: await api.call('/jobs', basic('a:b')),
        token: await authorized(`Bearer ${token}`),
        livez: await api.call('/livez'),
      };
      expect(Object.entries(answers).map(([who, { status }]) => [who, status])).toEqual([
        ['login', 503],
        ['wrong', 401],
        ['token', 503],
        ['livez', 200],
      ]);
      expect(answers.token.json.code).toBe('redis.unavailable');
    } finally {
      await api.redis.restart();
      await expect.poll(async () => (await api.call('/readyz')).status).toBe(200);
    }
    expect((await authorized(`Bearer ${token}`)).status).toBe(200);
  });
});

test('the log has who it was, and no credentials', async () => {
  await api.call('/jobs', CALLER);
  await authorized(`Bearer ${token}`);
  await authorized('Bearer hush-token');
  await api.callAdmin('/workers', basic('operator:hush-operator'));
  const asked = () => api.logs.filter(({ msg }) => msg === 'request answered').slice(-4);
  await expect
    .poll(() => asked().map(({ who }) => who))
    .toEqual(['user caller', 'token t1', undefined, 'user operator']);
  const logged = JSON.stringify(api.logs);
  for (const secret of ['hush', RIGHT, token]) expect(logged).not.toContain(secret);
});

test('probes say nothing that a stranger may not know', async () => {
  expect((await api.call('/livez')).json).toEqual({ live: true });
  expect((await api.call('/readyz')).json).toEqual({ ready: true });
  expect((await api.callAdmin('/ping')).text).toBe('pong');
});
