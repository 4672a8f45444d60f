import type { Request, Response } from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RequestError } from '../http/request-errors.ts';
import { RESULT_TRAILERS } from '../jobs/job-answer.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { refuseCrossSite } from './cross-origin.ts';

const PAGE = 'https://ci.example';
const JOB = '/jobs/j_00000000000000000000000000';

let closed: TestApi;
let named: TestApi;
let open: TestApi;
beforeAll(async () => {
  closed = await startTestApi();
  named = await startTestApi({ CORS_ORIGINS: `${PAGE},http://localhost:3000` }, closed.redis);
  open = await startTestApi({ CORS_ORIGINS: '*' }, closed.redis);
});
afterAll(async () => {
  await open?.close();
  await named?.close();
  await closed?.close();
});

const CHANGES = [
  ['GET', '/job/run'],
  ['GET', '/JOB/RUN/'],
  ['POST', '/job/run'],
  ['POST', '/jobs'],
  ['POST', `${JOB}/cancel`],
  ['DELETE', JOB],
] as const;

describe.each(CHANGES)('%s %s', (method, path) => {
  test.each<[string, Record<string, string>]>([
    ['of another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['of a neighbour', { 'Sec-Fetch-Site': 'same-site' }],
    ['of another origin', { Origin: PAGE }],
    ['of another port of this host', { Origin: 'http://127.0.0.1:1' }],
    ['of a sandboxed page', { Origin: 'null' }],
    ['of an origin that is none', { Origin: 'nonsense' }],
  ])('is refused to a page %s', async (_what, headers) => {
    const accept = { Accept: 'application/json' };
    const answer = await closed.call(path, { method, headers: { ...headers, ...accept } });
    expect(answer.json).toMatchObject({ status: 403, code: 'origin.forbidden' });
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('goes on for its own pages, for no browser at all, and for named origins', async () => {
    const own = { Origin: closed.api.url, 'Sec-Fetch-Site': 'same-origin' };
    const typed = { 'Sec-Fetch-Site': 'none' };
    const other = { Origin: PAGE, 'Sec-Fetch-Site': 'cross-site' };
    for (const answer of [
      await closed.call(path, { method, headers: own }),
      await closed.call(path, { method, headers: typed }),
      await closed.call(path, { method }),
      await named.call(path, { method, headers: other }),
      await open.call(path, { method, headers: other }),
    ]) {
      expect([400, 404]).toContain(answer.status);
    }
  });
});

describe('a page whose own name leads to this machine', () => {
  const run = (test: TestApi, headers: Record<string, string>) =>
    test.call('/job/run', { headers: { Accept: 'application/json', ...headers } });
  const BY_BROWSER = { 'Sec-Fetch-Site': 'same-origin' };

  test.each(['evil.example:8080', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1'])(
    'may not start anything: Host %j',
    async (host) => {
      for (const headers of [
        { Origin: `http://${host}`, ...BY_BROWSER },
        { Origin: `http://${host}` },
        BY_BROWSER,
        { 'Sec-Fetch-Site': 'none' },
        { 'Accept-Language': '*' },
      ]) {
        const answer = await run(closed, { Host: host, ...headers });
        expect(answer.json).toMatchObject({ status: 403, code: 'origin.forbidden' });
      }
    },
  );

  test.each([
    'localhost',
    'LOCALHOST:1',
    'app.localhost:8080',
    '127.0.0.1',
    '127.1.2.3:81',
    '[::1]:8080',
  ])('is told from a browser that calls this machine by its name: Host %s', async (host) => {
    const headers = { Host: host, Origin: `http://${host}`, ...BY_BROWSER };
    expect((await run(closed, headers)).status).toBe(400);
  });

  test('is let in where its origin is named', async () => {
    const host = 'ci.example';
    expect((await run(named, { Host: host, ...BY_BROWSER })).status).toBe(400);
    expect((await run(named, { Host: host, Origin: PAGE })).status).toBe(400);
    expect((await run(named, { Host: 'evil.example', ...BY_BROWSER })).status).toBe(403);
    expect((await run(open, { Host: 'evil.example', ...BY_BROWSER })).status).toBe(400);
  });

  test('is told from a client that is no browser, whatever its Host', async () => {
    expect((await run(closed, { Host: 'conjob.example' })).status).toBe(400);
    const byNode = { 'Accept-Language': '*', 'Sec-Fetch-Mode': 'cors' };
    expect((await run(closed, { Host: 'conjob.example', ...byNode })).status).toBe(400);
  });
});

test.each([
  ['127.0.0.1', 403],
  ['127.0.0.2', 403],
  ['::1', 403],
  ['localhost', 403],
  ['0.0.0.0', 'passed'],
  ['10.1.2.3', 'passed'],
])('names are asked for only where no other machine gets in: HOST=%s', (host, expected) => {
  const headers = { host: 'conjob.example', 'sec-fetch-site': 'same-origin' };
  const request = { method: 'POST', path: '/jobs', headers } as unknown as Request;
  let outcome: unknown;
  const guard = refuseCrossSite({ origins: [], hint: 'none', host });
  try {
    guard(request, {} as Response, () => {
      outcome = 'passed';
    });
  } catch (error) {
    outcome = (error as RequestError).status;
  }
  expect(outcome).toBe(expected);
});

test('reading is not refused, but other pages can not see the answer', async () => {
  const answer = await closed.call('/jobs', { headers: { Origin: PAGE } });
  expect(answer.status).toBe(200);
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
});

describe('a login, which a browser may send by itself,', () => {
  const LOGIN = { Authorization: `Basic ${Buffer.from('caller:hush').toString('base64')}` };
  const TOKEN = { Authorization: `Bearer conjob_${'x'.repeat(43)}` };
  const across = (test: TestApi, headers: Record<string, string>, path = '/job/run') =>
    test.call(path, { headers: { Accept: 'application/json', ...headers } });

  test.each<[string, Record<string, string>]>([
    ['named', { Origin: PAGE }],
    ['open', { Origin: PAGE, 'Sec-Fetch-Site': 'cross-site' }],
    // A picture or a link asks for it, and says nothing of its page.
    ['open', { 'Sec-Fetch-Site': 'cross-site' }],
  ])(
    'lets no page of another site start anything, though its origin is %s: %j',
    async (which, headers) => {
      const on = which === 'named' ? named : open;
      const answer = await across(on, { ...headers, ...LOGIN });
      expect(answer.json).toMatchObject({
        status: 403,
        code: 'origin.forbidden',
        hint: 'Let the page send a token of its own, as Authorization: Bearer …, not a login.',
      });
      expect((await across(on, { ...headers, ...TOKEN })).status).toBe(400);
    },
  );

  test('lets no page of another site read anything', async () => {
    for (const on of [named, open]) {
      const { headers, status } = await across(on, { Origin: PAGE, ...LOGIN }, '/jobs');
      expect(status).toBe(200);
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      const token = await across(on, { Origin: PAGE, ...TOKEN }, '/jobs');
      expect(token.headers).toHaveProperty('access-control-allow-origin');
      expect(token.headers).not.toHaveProperty('access-control-allow-credentials');
    }
  });

  test('is fine from no browser, and from pages of its own', async () => {
    expect((await across(closed, LOGIN)).status).toBe(400);
    const own = { Origin: closed.api.url, 'Sec-Fetch-Site': 'same-origin' };
    expect((await across(closed, { ...own, ...LOGIN })).status).toBe(400);
  });
});

test('a preflight, which has no credentials, is answered where a login is wanted', async () => {
  const env = { CORS_ORIGINS: PAGE, AUTH_USERNAME: 'caller', AUTH_PASSWORD: 'hush' };
  const guarded = await startTestApi(env, closed.redis);
  const headers = { Origin: PAGE, 'Access-Control-Request-Method': 'POST' };
  const asked = { ...headers, 'Access-Control-Request-Headers': 'authorization' };
  const answer = await guarded.call('/jobs', { method: 'OPTIONS', headers: asked });
  expect(answer.status).toBe(204);
  expect(answer.headers['access-control-allow-headers']).toBe('authorization');
  const refused = await guarded.call('/jobs', { headers: { Origin: PAGE } });
  expect(refused.status).toBe(401);
  expect(refused.headers['access-control-allow-origin']).toBe(PAGE);
  await guarded.close();
});

describe('CORS', () => {
  test('lets pages of named origins read answers and their headers', async () => {
    const { headers } = await named.call('/jobs', { headers: { Origin: PAGE } });
    expect(headers['access-control-allow-origin']).toBe(PAGE);
    const exposed = String(headers['access-control-expose-headers']).split(',');
    expect(exposed).toEqual(
      expect.arrayContaining(['Conjob-Job-Id', ...RESULT_TRAILERS.split(', ')]),
    );
    expect(headers.vary).toContain('Origin');
    const other = await named.call('/jobs', { headers: { Origin: 'https://evil.example' } });
    expect(other.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('lets them read refusals too', async () => {
    const { headers, status } = await named.call('/job/run', { headers: { Origin: PAGE } });
    expect(status).toBe(400);
    expect(headers['access-control-allow-origin']).toBe(PAGE);
  });

  test('* lets every page read', async () => {
    const { headers } = await open.call('/jobs');
    expect(headers['access-control-allow-origin']).toBe('*');
  });

  test('answers preflights of named origins only', async () => {
    const preflight = (origin: string) =>
      named.call('/jobs', {
        method: 'OPTIONS',
        headers: {
          Origin: origin,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'content-type,idempotency-key',
        },
      });
    const { status, headers } = await preflight(PAGE);
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': PAGE,
      'access-control-allow-methods': 'GET,HEAD,POST,DELETE',
      'access-control-allow-headers': 'content-type,idempotency-key',
    });
    const other = await preflight('https://evil.example');
    expect(other.headers).not.toHaveProperty('access-control-allow-origin');
  });
});
