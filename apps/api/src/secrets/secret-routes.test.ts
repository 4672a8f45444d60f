import { chmodSync, rmSync } from 'node:fs';
import {
  generateKeys,
  keyFiles,
  keys,
  MAX_SECRET_BYTES,
  openSecret,
  readWorkerKeys,
  Secrets,
} from '@conjob/shared';
import { CANARY, startTestRedis, type TempFolder, tempFolder } from '@conjob/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi, withRedis } from '../testing/test-api.ts';
import { useSecretApi } from '../testing/use-secret-api.ts';

const IMAGE = 'docker.io/acme/deploy:latest';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const PATH = '/secrets?image=acme/deploy';
const CONTENT = CANARY.image;

const secret = useSecretApi();
beforeEach(() => withRedis(secret.api.redis, (redis) => redis.del(keys.secret(IMAGE))));

const set = (body: string | Buffer, path = PATH) => secret.api.call(path, { method: 'POST', body });
/** What a worker would put into a container of this image. */
const contentOf = (image: string) =>
  withRedis(secret.api.redis, async (redis) => {
    const sealed = await new Secrets(redis).find(image);
    return sealed && (await openSecret(sealed, image, await readWorkerKeys(secret.keysFolder)));
  });

describe('/secrets', () => {
  test('takes the body as it is, for workers to read', async () => {
    const answer = await set(CONTENT);
    expect([answer.status, answer.json]).toEqual([
      200,
      { image: IMAGE, set: true, since: expect.stringMatching(/^20\d\d-.*Z$/) },
    ]);
    expect(String(await contentOf(IMAGE))).toBe(CONTENT);
    const bytes = Buffer.from([0, 255, 10, 13, 0xc3]);
    await set(bytes);
    expect((await contentOf(IMAGE))?.equals(bytes)).toBe(true);
  });

  test('tells only whether one is set, and since when', async () => {
    expect((await secret.api.call(PATH)).json).toEqual({ image: IMAGE, set: false, since: null });
    const { json } = await set(CONTENT);
    const shown = await secret.api.call('/secrets?image=docker.io/acme/deploy:latest');
    expect([shown.status, shown.json]).toEqual([200, json]);
  });

  test('removes it, and says the same when there is none', async () => {
    await set(CONTENT);
    for (const _ of [1, 2])
      expect((await secret.api.call(PATH, { method: 'DELETE' })).status).toBe(204);
    expect((await secret.api.call(PATH)).json.set).toBe(false);
    expect(await contentOf(IMAGE)).toBeNull();
  });

  test('keeps those of other images apart', async () => {
    const others = ['acme-deploy/job:latest', 'acme/deploy:job-latest', 'acme/deploy-job:latest'];
    for (const image of others) await set(image, `/secrets?image=${image}`);
    for (const image of others) {
      expect(String(await contentOf(`docker.io/${image}`))).toBe(image);
    }
    expect((await secret.api.call(PATH)).json.set).toBe(false);
  });

  test('takes one of 1 MiB, and none that is larger', async () => {
    const largest = Buffer.alloc(MAX_SECRET_BYTES, 'x');
    expect((await set(largest)).status).toBe(200);
    const larger = await set(Buffer.alloc(MAX_SECRET_BYTES + 1, 'y'));
    expect([larger.status, larger.json.code]).toEqual([413, 'request.too_large']);
    expect((await contentOf(IMAGE))?.equals(largest)).toBe(true);
  });

  test('refuses an empty one, and keeps the one that there is', async () => {
    await set(CONTENT);
    const answer = await set('');
    expect([answer.status, answer.json.code]).toEqual([400, 'secret.empty']);
    expect(String(await contentOf(IMAGE))).toBe(CONTENT);
  });

  test.each([
    ['no image', '/secrets', 'An image is required.'],
    ['an empty one', '/secrets?image=', 'An image is required, for example'],
    ['what is no reference', '/secrets?image=Acme//x', 'not a reference'],
    ['an image by its digest', `/secrets?image=acme/x@${DIGEST}`, 'leave out the digest'],
    ['a tag with a digest', `/secrets?image=acme/x:1@${DIGEST}`, 'leave out the digest'],
    ['two images', '/secrets?image=a&image=b', 'Must be given once.'],
    ['more than an image', '/secrets?image=a&value=x', 'Unknown parameter.'],
  ])('refuses %s', async (_what, path, message) => {
    for (const method of ['POST', 'GET', 'DELETE']) {
      const body = method === 'POST' ? { body: CONTENT } : {};
      const { status, json } = await secret.api.call(path, { method, ...body });
      expect(status).toBe(400);
      expect(json.errors[0].message).toContain(message);
    }
  });

  test('takes no other method', async () => {
    const answer = await secret.api.call(PATH, { method: 'PUT', body: CONTENT });
    expect([answer.status, answer.headers.allow]).toEqual([
      405,
      'GET, HEAD, POST, DELETE, OPTIONS',
    ]);
  });

  test('is closed to pages of other web sites', async () => {
    const headers = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
    const answer = await secret.api.call(PATH, { method: 'POST', body: CONTENT, headers });
    expect(answer.status).toBe(403);
    expect(await contentOf(IMAGE)).toBeNull();
  });

  test('leaves nothing of it in the log or in Redis', async () => {
    await set(CONTENT);
    await set('', PATH);
    const kept = await withRedis(secret.api.redis, (redis) => redis.hgetall(keys.secret(IMAGE)));
    for (const text of [CONTENT, Buffer.from(CONTENT).toString('base64')]) {
      expect(JSON.stringify([secret.api.logs, kept])).not.toContain(text);
    }
  });
});

describe('/secrets without usable keys', () => {
  let own: TestApi;
  let ownFolder: TempFolder;
  beforeEach(async () => {
    ownFolder = tempFolder();
    await generateKeys(ownFolder.path);
    own = await startTestApi({ SECRET_KEYS_DIR: ownFolder.path }, secret.api.redis);
  });
  afterEach(async () => {
    await own.close();
    ownFolder.remove();
  });
  const files = () => keyFiles(ownFolder.path);

  test.each([
    ['missing', () => rmSync(files().signing), 'is missing'],
    ['open to others', () => chmodSync(files().signing, 0o644), 'has mode 644'],
    ['lacking recipients', () => rmSync(files().recipients), 'is missing'],
  ])(
    'refuses to set one with a key file %s, and says why in the log',
    async (_what, spoil, why) => {
      await set(CONTENT);
      spoil();
      const { status, json, text } = await own.call(PATH, { method: 'POST', body: 'new' });
      expect([status, json.code]).toEqual([503, 'secrets.unavailable']);
      expect(text).not.toContain(ownFolder.path);
      expect(JSON.stringify(own.logs)).toContain(why);
      // What is set stays, and can be seen and removed.
      expect(String(await contentOf(IMAGE))).toBe(CONTENT);
      expect((await own.call(PATH)).json.set).toBe(true);
      expect((await own.call(PATH, { method: 'DELETE' })).status).toBe(204);
    },
  );

  test('works again as soon as the file is right', async () => {
    chmodSync(files().signing, 0o644);
    expect((await own.call(PATH, { method: 'POST', body: 'new' })).status).toBe(503);
    chmodSync(files().signing, 0o600);
    expect((await own.call(PATH, { method: 'POST', body: 'new' })).status).toBe(200);
  });
});

test('an API without a folder of keys says so', async () => {
  const redis = await startTestRedis({ appendOnly: true });
  const bare = await startTestApi({}, redis);
  const { status, json } = await bare.call(PATH, { method: 'POST', body: CONTENT });
  expect([status, json.code, json.hint]).toEqual([
    503,
    'secrets.unavailable',
    expect.stringContaining('SECRET_KEYS_DIR'),
  ]);
  await bare.close();
  await redis.stop();
});
