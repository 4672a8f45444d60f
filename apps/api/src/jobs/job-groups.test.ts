import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Call } from '../testing/http-client.ts';
import { bearer, CALLER, LOGINS, makeToken } from '../testing/logins.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let open: TestApi;
let guarded: TestApi;
let submitter: Call;
let operator: Call;
beforeAll(async () => {
  [open, guarded] = await Promise.all([startTestApi(), startTestApi(LOGINS)]);
  submitter = bearer(await makeToken(guarded, 'name=ci&role=submit'));
  operator = bearer(await makeToken(guarded, 'name=front&role=admin'));
});
afterAll(async () => {
  await open?.close();
  await guarded?.close();
});

const submit = (api: TestApi, group?: string, caller: Call = {}) =>
  api.call(`/jobs?image=acme/tool${group === undefined ? '' : `&group=${group}`}`, {
    ...caller,
    method: 'POST',
  });
const submitSpec = (api: TestApi, group: unknown) =>
  api.call('/jobs', {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ image: 'acme/tool', group }),
  });

describe('the group of a job', () => {
  test('is the one that is asked for, in the query or the spec, where nobody is asked who he is', async () => {
    expect((await submit(open)).json.group).toBe('default');
    expect((await submit(open, 'alice@example.org')).json.group).toBe('alice@example.org');
    expect((await submitSpec(open, 'bob')).json.group).toBe('bob');
  });

  test.each(['', 'a:b', '.a', 'a b', 'x'.repeat(64), 7])('can not be %j', async (group) => {
    const { status, json } = await submitSpec(open, group);
    expect(status).toBe(400);
    expect(json.errors).toEqual([{ path: 'group', message: expect.stringMatching(/group|text/) }]);
  });

  test('is the name of the login or token that sent it', async () => {
    expect((await submit(guarded, undefined, CALLER)).json.group).toBe('caller');
    expect((await submit(guarded, undefined, submitter)).json.group).toBe('ci');
    expect((await submit(guarded, 'ci', submitter)).json.group).toBe('ci');
  });

  test('can be another one for the login and for tokens of operators, who stand for several callers', async () => {
    expect((await submit(guarded, 'alice', CALLER)).json.group).toBe('alice');
    expect((await submit(guarded, 'alice', operator)).json.group).toBe('alice');
  });

  test('can not be another one for a token that may only submit: no job is made', async () => {
    const jobs = async () => (await guarded.call('/jobs', CALLER)).json.jobs.length;
    const before = await jobs();
    for (const path of ['/jobs', '/job/run']) {
      const url = `${path}?image=acme/tool&group=alice`;
      const { status, json } = await guarded.call(url, {
        headers: { ...submitter.headers, Accept: 'application/json' },
        method: 'POST',
      });
      expect(status).toBe(403);
      expect(json).toMatchObject({ code: 'auth.forbidden' });
      expect(json.detail).toContain('Jobs of this token are of the group ci.');
    }
    expect(await jobs()).toBe(before);
  });

  test('finds them in the list', async () => {
    const ids = [(await submit(open, 'zoe')).json.id, (await submit(open, 'zoe')).json.id];
    const { json } = await open.call('/jobs?group=zoe');
    expect(json.jobs.map(({ id }: { id: string }) => id)).toEqual(ids.reverse());
    expect(json.jobs[0]).toMatchObject({ group: 'zoe', waiting: { position: expect.any(Number) } });
  });
});

test('of two groups that wait the second goes after one job of the first', async () => {
  for (let n = 0; n < 5; n += 1) await submitSpec(open, 'many');
  const { json } = await submitSpec(open, 'single');
  const { position } = (await open.call(`/jobs/${json.id}`)).json.waiting;
  // One each of default, alice, bob, zoe and many, which came before.
  expect(position).toBe(6);
});
