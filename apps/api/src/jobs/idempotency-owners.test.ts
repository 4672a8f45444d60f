import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Call } from '../testing/http-client.ts';
import { bearer, CALLER, LOGINS, makeToken } from '../testing/logins.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let tokens: Call[];
beforeAll(async () => {
  api = await startTestApi(LOGINS);
  tokens = [
    bearer(await makeToken(api, 'name=one&role=submit')),
    bearer(await makeToken(api, 'name=two&role=submit')),
  ];
});
afterAll(() => api?.close());

const submit = (caller: Call, key: string, query = 'image=acme/tool') =>
  api.call(`/jobs?${query}`, {
    method: 'POST',
    headers: { ...caller.headers, 'Idempotency-Key': key },
  });

describe('an Idempotency-Key counts for the caller who sent it', () => {
  test('two tokens and a login that hit on the same one get a job each', async () => {
    const callers = [...tokens, CALLER];
    const first = await Promise.all(callers.map((caller) => submit(caller, 'the-same')));
    expect(first.map(({ status }) => status)).toEqual([202, 202, 202]);
    const ids = first.map(({ json }) => json.id);
    expect(new Set(ids).size).toBe(3);
    // And each of them its own again.
    const again = await Promise.all(callers.map((caller) => submit(caller, 'the-same')));
    expect(again.map(({ json }) => json.id)).toEqual(ids);
    expect(again.map(({ headers }) => headers['idempotency-replayed'])).toEqual(
      Array(3).fill('true'),
    );
  });

  test('what another caller has used it for is no conflict, and stays unknown', async () => {
    const [one = {}, two = {}] = tokens;
    await submit(one, 'taken');
    const other = await submit(two, 'taken', 'image=acme/other');
    expect(other.status).toBe(202);
    expect(other.headers).not.toHaveProperty('idempotency-replayed');
    expect((await submit(one, 'taken', 'image=acme/other')).status).toBe(422);
  });
});
