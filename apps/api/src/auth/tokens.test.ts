import { keys } from '@conjob/shared';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bearer, LOGINS, makeToken, OPERATOR } from '../testing/logins.ts';
import { startTestApi, type TestApi, withRedis } from '../testing/test-api.ts';

let api: TestApi;
let other: TestApi;
beforeAll(async () => {
  api = await startTestApi(LOGINS);
  other = await startTestApi(LOGINS, api.redis);
});
afterAll(async () => {
  await other?.close();
  await api?.close();
});

const post = (query: string) => api.callAdmin(`/tokens?${query}`, { method: 'POST', ...OPERATOR });
const revoke = (name: string) =>
  api.callAdmin(`/tokens/${name}`, { method: 'DELETE', ...OPERATOR });
const list = async () => (await api.callAdmin('/tokens', OPERATOR)).json.tokens;
const statusWith = async (on: TestApi, token: string) =>
  (await on.call('/jobs', bearer(token))).status;

/** Lets the time of a token run out now: returns how much of it there was left, in milliseconds. */
async function expire(name: string): Promise<number> {
  const leftMs = await withRedis(api.redis, async (redis) => {
    const key = keys.token((await redis.hget(keys.tokens, name)) ?? '');
    const left = await redis.pttl(key);
    await redis.pexpire(key, 1);
    return left;
  });
  await expect
    .poll(list, { timeout: 10_000 })
    .not.toContainEqual(expect.objectContaining({ name }));
  return leftMs;
}

test('a token is shown once, and afterwards only what it is', async () => {
  const { status, json, headers } = await post('name=shown&role=submit');
  expect(status).toBe(201);
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const told = {
    name: 'shown',
    role: 'submit',
    createdAt: time,
    expiresAt: null,
    lastUsedAt: null,
  };
  expect(json).toEqual({ ...told, token: expect.stringMatching(/^conjob_[\w-]{43}$/) });
  expect(headers['cache-control']).toBe('no-store');
  expect(await list()).toContainEqual(told);
  expect(JSON.stringify(await list())).not.toContain(json.token);
});

test('no two tokens are equal, nor have one name', async () => {
  const tokens = [
    await makeToken(api, 'name=a&role=read'),
    await makeToken(api, 'name=b&role=read'),
  ];
  expect(new Set(tokens).size).toBe(2);
  expect((await post('name=a&role=admin')).json).toMatchObject({
    status: 409,
    code: 'token.exists',
  });
  const names = (await list()).map(({ name }: { name: string }) => name);
  expect(names).toEqual(names.toSorted());
  // The first one is as it was.
  expect(await statusWith(api, tokens[0] ?? '')).toBe(200);
});

test('Redis has nothing that would let anybody in', async () => {
  const token = await makeToken(api, 'name=hidden&role=admin');
  // Its random part may have a _ of its own.
  const secret = token.slice('conjob_'.length);
  const everything = await withRedis(api.redis, async (redis) => {
    const keys = await redis.keys('*');
    return Promise.all(
      keys.map(async (key) => [key, (await redis.dumpBuffer(key))?.toString('latin1')]),
    );
  });
  const text = JSON.stringify(everything);
  expect(text).toContain('hidden');
  expect(text).not.toContain(secret);
  // What is stored is no token itself.
  const hashes = await withRedis(api.redis, (redis) => redis.hgetall('{conjob}:tokens'));
  for (const hash of [hashes['hidden'] ?? '', `conjob_${hashes['hidden']?.slice(0, 43)}`]) {
    expect(await statusWith(api, hash)).toBe(401);
  }
});

test('one that is revoked counts nowhere any more, at once', async () => {
  const token = await makeToken(api, 'name=leaked&role=read');
  expect([await statusWith(api, token), await statusWith(other, token)]).toEqual([200, 200]);
  expect((await revoke('leaked')).status).toBe(204);
  expect([await statusWith(api, token), await statusWith(other, token)]).toEqual([401, 401]);
  expect((await revoke('leaked')).json).toMatchObject({ status: 404, code: 'token.not_found' });
  // Its name is free, and the new one has no past.
  await makeToken(api, 'name=leaked&role=read');
  expect(await statusWith(api, token)).toBe(401);
  expect(await list()).toContainEqual(
    expect.objectContaining({ name: 'leaked', lastUsedAt: null }),
  );
});

test('one that expires is gone by then, with its name', async () => {
  const token = await makeToken(api, 'name=short&role=read&expiresInSeconds=3600');
  expect(await list()).toContainEqual(
    expect.objectContaining({ name: 'short', expiresAt: expect.any(String) }),
  );
  expect(await statusWith(api, token)).toBe(200);
  const leftMs = await expire('short');
  expect(leftMs > 3_000_000 && leftMs <= 3_600_000).toBe(true);
  expect(await statusWith(api, token)).toBe(401);
  expect((await revoke('short')).status).toBe(404);
  await makeToken(api, 'name=brief&role=read&expiresInSeconds=3600');
  await expire('brief');
  expect((await post('name=brief&role=read')).status).toBe(201);
});

test('names of expired ones do not pile up', async () => {
  await makeToken(api, 'name=gone&role=read&expiresInSeconds=3600');
  await expire('gone');
  await makeToken(api, 'name=next&role=read');
  const names = await withRedis(api.redis, (redis) => redis.hkeys('{conjob}:tokens'));
  expect(names).not.toContain('gone');
  expect(names).toContain('next');
});

test('the list says when one was used last', async () => {
  const token = await makeToken(api, 'name=used&role=read');
  await api.call('/jobs', bearer(token));
  await expect
    .poll(list)
    .toContainEqual(expect.objectContaining({ name: 'used', lastUsedAt: expect.any(String) }));
});

describe('a token is not made for', () => {
  test.each([
    ['', ['name', 'role']],
    ['name=&role=read', ['name']],
    ['name=a', ['role']],
    ['name=a&role=root', ['role']],
    ['name=a&role=public', ['role']],
    ['name=a&role=read&role=admin', ['role']],
    ['name=-a&role=read', ['name']],
    ['name=a%00&role=read', ['name']],
    ['name=%0aforged&role=read', ['name']],
    [`name=${'a'.repeat(64)}&role=read`, ['name']],
    ['name=b2&role=read&expiresInSeconds=0', ['expiresInSeconds']],
    ['name=b2&role=read&expiresInSeconds=-1', ['expiresInSeconds']],
    ['name=b2&role=read&expiresInSeconds=1.5', ['expiresInSeconds']],
    ['name=b2&role=read&expiresInSeconds=315360001', ['expiresInSeconds']],
    ['name=b2&role=read&expires=1', ['expires']],
  ])('%s', async (query, paths) => {
    const before = await list();
    const { status, json } = await post(query);
    expect(status).toBe(400);
    expect(json.errors.map(({ path }: { path: string }) => path)).toEqual(paths);
    expect(await list()).toEqual(before);
  });
});

test('the largest name and expiry are fine', async () => {
  const name = 'a'.repeat(63);
  expect((await post(`name=${name}&role=READ&expiresInSeconds=315360000`)).json.role).toBe('read');
  expect((await revoke(name)).status).toBe(204);
});
