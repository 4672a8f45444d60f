import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOGINS } from '../testing/logins.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(LOGINS);
});
afterAll(() => api?.close());

test('every part that the page names is there, for everybody', async () => {
  const page = await api.call('/docs');
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  const parts = [...page.text.matchAll(/(?:href|src)="(docs[^"]*)"/g)].map(([, part]) => part);
  expect(parts).toHaveLength(4);
  for (const part of parts) {
    const { status, headers } = await api.call(`/${part}`);
    expect([status, headers['content-type']]).toEqual([
      200,
      expect.stringMatching(/^text\/(css|javascript); /),
    ]);
  }
});

test('the page may load, send and be framed by nothing else', async () => {
  for (const path of ['/docs', '/docs/page.js']) {
    const policy = (await api.call(path)).headers['content-security-policy'];
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  }
});

test('a browser asks whether a part has changed', async () => {
  const { headers } = await api.call('/docs/page.js');
  const sent = { 'If-Modified-Since': String(headers['last-modified']) };
  expect((await api.call('/docs/page.js', { headers: sent })).status).toBe(304);
});

test.each(['/docs/package.json', '/docs/..%2Fdocs-routes.ts', '/docs/constructor'])(
  '%s is none of it',
  async (path) => {
    const { status, json } = await api.call(path);
    expect([status, json.code]).toEqual([404, 'path.not_found']);
  },
);

test.each(['bytes=0-0', 'bytes=99999999-'])(
  'a part is whole, also for who asks for %s of it',
  async (Range) => {
    const { status, headers } = await api.call('/docs', { headers: { Range } });
    expect(status).toBe(200);
    expect(headers).not.toHaveProperty('accept-ranges');
  },
);

test('/docs/ leads to /docs, by which the page finds its parts', async () => {
  const { status, headers } = await api.call('/docs/');
  expect([status, headers.location]).toEqual([308, '../docs']);
});
