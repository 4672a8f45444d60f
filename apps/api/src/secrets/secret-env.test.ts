import { generateKeys, openValues, readWorkerKeys } from '@conjob/shared';
import { CANARY, tempFolder } from '@conjob/testkit';
import { describe, expect, test } from 'vitest';
import { startTestApi, withRedis } from '../testing/test-api.ts';
import { useSecretApi } from '../testing/use-secret-api.ts';

const SECRET = CANARY.env;
const JSON_TYPE = { 'Content-Type': 'application/json' };

const secret = useSecretApi();

const submit = (spec: object, key?: string, to = secret.api) =>
  to.call('/jobs', {
    method: 'POST',
    headers: key === undefined ? JSON_TYPE : { ...JSON_TYPE, 'Idempotency-Key': key },
    body: JSON.stringify({ image: 'echo', ...spec }),
  });

/** Everything that Redis holds, as one text. */
const dump = (of = secret.api) =>
  withRedis(of.redis, async (redis) => {
    const values: string[] = [];
    for (const key of await redis.keys('*')) {
      values.push(key, (await redis.dumpBuffer(key))?.toString('latin1') ?? '');
    }
    return values.join('\n');
  });
const hash = (key: string) => withRedis(secret.api.redis, (redis) => redis.hgetall(key));

describe('a job with secretEnv', () => {
  test('shows the names, and has the values sealed for its worker', async () => {
    const { status, json } = await submit({ secretEnv: { TOKEN: SECRET, EMPTY: '' } });
    expect([status, json.secretEnv, json.outputMasked]).toEqual([202, ['TOKEN', 'EMPTY'], false]);
    const { spec, v } = await hash(`{conjob}:job:${json.id}`);
    const { sealedEnv, secretEnv } = JSON.parse(spec ?? '');
    expect([secretEnv, v]).toEqual([undefined, '3']);
    const keys = await readWorkerKeys(secret.keysFolder);
    expect(await openValues(json.id, sealedEnv, keys)).toEqual({ TOKEN: SECRET, EMPTY: '' });
  });

  test('is of a version that older workers leave to others, and no other job is', async () => {
    const { json } = await submit({ secretEnv: {} });
    expect((await hash(`{conjob}:job:${json.id}`))['v']).toBe('2');
  });

  test('leaves no value in Redis, logs or answers', async () => {
    // Small enough that Redis does not compress it.
    const { json } = await submit({ secretEnv: { TOKEN: SECRET }, env: { SEEN: 'canary-7' } }, 'k');
    const paths = [`/jobs/${json.id}`, '/jobs', `/jobs/${json.id}/reproduce`];
    const answers = await Promise.all(
      paths.map(async (path) => (await secret.api.call(path)).text),
    );
    const all = [await dump(), JSON.stringify(secret.api.logs), ...answers].join();
    expect(all).toContain('canary-7');
    for (const form of [SECRET, Buffer.from(SECRET).toString('base64').slice(0, 18)]) {
      expect(all).not.toContain(form);
    }
    expect(answers[2]).toContain(' --env TOKEN ');
  });

  test('is the same for an Idempotency-Key only with the same values', async () => {
    const first = await submit({ secretEnv: { TOKEN: SECRET } }, 'same');
    const again = await submit({ secretEnv: { TOKEN: SECRET } }, 'same');
    expect([again.status, again.json.id]).toEqual([202, first.json.id]);
    for (const secretEnv of [{ TOKEN: 'other' }, { OTHER: SECRET }, {}]) {
      const { status, json } = await submit({ secretEnv }, 'same');
      expect([status, json.code]).toEqual([422, 'idempotency.mismatch']);
    }
  });

  test('has a fingerprint that somebody with other keys can not make', async () => {
    const others = tempFolder();
    await generateKeys(others.path);
    const other = await startTestApi({ SECRET_KEYS_DIR: others.path }, secret.api.redis);
    await submit({ secretEnv: { TOKEN: SECRET } }, 'keyed');
    const { status } = await submit({ secretEnv: { TOKEN: SECRET } }, 'keyed', other);
    await other.close();
    others.remove();
    expect(status).toBe(422);
  });

  test.each(['?image=echo&secretEnv=TOKEN=x', '?image=echo&secret_env=x', '?secretEnv[TOKEN]=x'])(
    'is not asked for in a URL: %s',
    async (query) => {
      for (const path of ['/jobs', '/job/run']) {
        const headers = { Accept: 'application/json' };
        const { status, json } = await secret.api.call(path + query, { method: 'POST', headers });
        expect([status, json.code]).toEqual([400, 'request.unknown_parameter']);
        expect(json.detail).toContain('Secrets do not belong into a URL');
      }
    },
  );

  test('that is wrong is refused without showing a value', async () => {
    const { status, text, json } = await submit({
      secretEnv: { TOKEN: SECRET, 'A=B': SECRET },
      env: { TOKEN: 'x' },
    });
    expect([status, json.code]).toEqual([400, 'request.invalid']);
    expect(text + JSON.stringify(secret.api.logs)).not.toContain(SECRET);
  });

  test('has no more environment than the kernel takes', async () => {
    const args = Array(16).fill('x'.repeat(125_000));
    const { status, json } = await submit({ args, secretEnv: { A: 'y'.repeat(60_000) } });
    expect([status, json.code]).toEqual([413, 'argument.too_large']);
  });

  test('is refused where the API has no keys, and there is no job', async () => {
    const without = await startTestApi({}, secret.api.redis);
    const list = async () => (await secret.api.call('/jobs?limit=100')).json.jobs.length;
    const before = await list();
    const { status, json } = await submit({ secretEnv: { TOKEN: SECRET } }, undefined, without);
    expect([status, json.code]).toEqual([503, 'secrets.unavailable']);
    expect((await submit({}, undefined, without)).status).toBe(202);
    expect(await list()).toBe(before + 1);
    await without.close();
  });
});
