import { startTestRedis, type TestRedis } from '@conjob/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Env, startTestApi } from '../testing/test-api.ts';

const LOGINS = { AUTH_USERNAME: 'a', AUTH_PASSWORD: 'b', ADMIN_USERNAME: 'c', ADMIN_PASSWORD: 'd' };
const ELSEWHERE = '192.0.2.1:8080';
const HERE = '127.0.0.1:8080';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis({ appendOnly: true });
});
afterAll(() => redis?.stop());

async function warnings(env: Env): Promise<unknown[]> {
  const api = await startTestApi(env, redis);
  await api.close();
  return api.logs.filter(({ msg }) => String(msg).includes('clear text'));
}

test.each<[string, Env]>([
  ['the API', { ...LOGINS, PUBLISHED_AT: ELSEWHERE, ADMIN_PUBLISHED_AT: HERE }],
  ['the admin port', { ...LOGINS, PUBLISHED_AT: HERE, ADMIN_PUBLISHED_AT: ELSEWHERE }],
])('a login of %s that other machines send without TLS is warned of at start', async (_, env) => {
  expect(await warnings(env)).toMatchObject([{ level: 40 }]);
});

test.each<[string, Env]>([
  ['no other machine gets in', LOGINS],
  ['nobody sends a login', { PUBLISHED_AT: ELSEWHERE, ALLOW_UNAUTHENTICATED: 'true' }],
])('there is no warning where %s', async (_, env) => {
  expect(await warnings(env)).toEqual([]);
});
