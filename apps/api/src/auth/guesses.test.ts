import { afterEach, beforeEach, expect, test } from 'vitest';
import { basic, bearer, CALLER, LOGINS, makeToken, OPERATOR } from '../testing/logins.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let token: string;
beforeEach(async () => {
  api = await startTestApi({ ...LOGINS, LOGIN_FAILURES_PER_MINUTE: '5' });
  token = await makeToken(api, 'name=t1&role=read');
});
afterEach(() => api?.close());

const guess = async (times: number) => {
  const statuses: number[] = [];
  for (let n = 0; n < times; n += 1) {
    statuses.push((await api.call('/jobs', basic(`caller:${n}`))).status);
  }
  return statuses;
};

test('who guesses passwords is told to wait, and learns nothing more', async () => {
  expect(await guess(6)).toEqual([401, 401, 401, 401, 401, 429]);
  const { status, json, headers } = await api.call('/jobs', CALLER);
  expect([status, json.code]).toEqual([429, 'auth.too_many_failures']);
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect(headers['www-authenticate']).toBeUndefined();
  // A text client has it as a line.
  const run = await api.call('/job/run?image=alpine', CALLER);
  expect(run.text).toMatch(/^auth\.too_many_failures: /);
});

test('tokens, requests without a password, and the other port are not held up by it', async () => {
  await guess(10);
  expect((await api.call('/jobs', bearer(token))).status).toBe(200);
  expect((await api.call('/jobs')).status).toBe(401);
  expect((await api.call('/livez')).status).toBe(200);
  expect((await api.callAdmin('/workers', OPERATOR)).status).toBe(200);
});

test('who was let in before is let in again, whoever guesses at the same address', async () => {
  expect((await api.call('/jobs', CALLER)).status).toBe(200);
  expect((await guess(6)).at(-1)).toBe(429);
  expect((await api.call('/jobs', CALLER)).status).toBe(200);
});
