import { until } from '@conjob/testkit';
import { describe, expect, test } from 'vitest';
import type { Call } from '../testing/http-client.ts';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';

const api = useTestApi(byImage);
const post: Call = { method: 'POST' };
const NOBODY = 'j_00000000000000000000000000';

async function hanging(): Promise<string> {
  const { id } = (await api.call('/jobs?image=hang', post)).json;
  await until(async () => (await api.call(`/jobs/${id}`)).json.state === 'running');
  return id;
}

/** A job that no worker of this test takes. */
async function waiting(): Promise<string> {
  const headers = { 'Content-Type': 'application/json' };
  const body = JSON.stringify({ image: 'hang', requires: { gpu: 'true' } });
  return (await api.call('/jobs', { headers, body })).json.id;
}

function asJson(value: unknown, type = 'application/json'): Call {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  return { body, headers: { 'Content-Type': type } };
}

describe('the reason of a cancel', () => {
  test.each<[string, string, Call]>([
    ['in the query', '?reason=superseded+by+7', post],
    ['as JSON', '', asJson({ reason: ' superseded by 7 ' })],
  ])('%s is kept with the job', async (_where, search, call) => {
    for (const id of [await hanging(), await waiting()]) {
      const answer = await api.call(`/jobs/${id}/cancel${search}`, call);
      expect(answer.status).toBe(202);
      expect(answer.json.cancelReason).toBe('superseded by 7');
      expect((await api.call(`/jobs/${id}?wait=60`)).json).toMatchObject({
        conclusion: 'CANCELLED',
        cancelReason: 'superseded by 7',
        error: {
          code: 'run.cancelled',
          message: 'The job was cancelled on request. (superseded by 7)',
        },
      });
    }
  });

  test.each<[string, string, Call]>([
    ['no body', '', post],
    ['an empty one', '?reason=', post],
    ['an empty object', '', asJson({})],
  ])('may be left out: %s', async (_how, search, call) => {
    const id = await waiting();
    const { json } = await api.call(`/jobs/${id}/cancel${search}`, call);
    expect(json).toMatchObject({
      conclusion: 'CANCELLED',
      cancelReason: null,
      error: { message: 'The job was cancelled on request.' },
    });
  });

  test('is the first one', async () => {
    const id = await hanging();
    await api.call(`/jobs/${id}/cancel?reason=first`, post);
    await api.call(`/jobs/${id}/cancel?reason=second`, post);
    expect((await api.call(`/jobs/${id}?wait=60`)).json.cancelReason).toBe('first');
  });

  test('is in the answer of the run that was cancelled', async () => {
    const text = api.call('/job/run?image=hang', post);
    const json = api.call('/job/run?image=hang', {
      ...post,
      headers: { Accept: 'application/json' },
    });
    const running = async (): Promise<{ id: string }[]> =>
      (await api.call('/jobs?state=running')).json.jobs;
    await until(async () => (await running()).length === 2);
    for (const { id } of await running()) await api.call(`/jobs/${id}/cancel?reason=why`, post);
    expect((await json).json.error.message).toMatch(/\(why\)$/);
    expect((await text).text).toBe('started');
  });

  test.each<[string, string, Call, number, string]>([
    ['too long', `?reason=${'x'.repeat(256)}`, post, 400, 'reason'],
    ['of two lines', '?reason=a%0Ab', post, 400, 'reason'],
    ['given twice', '?reason=a&reason=b', post, 400, 'reason'],
    ['given in both', '?reason=a', asJson({ reason: 'b' }), 400, 'reason'],
    ['no text', '', asJson({ reason: 7 }), 400, 'reason'],
    ['half a character', '', asJson('{"reason":"\\ud800"}'), 400, 'reason'],
    ['under another name', '', asJson({ why: 'x' }), 400, 'why'],
    ['no object', '', asJson(['x']), 400, 'body'],
    ['an unknown parameter', '?why=x', post, 400, 'why'],
  ])('is refused when it is %s', async (_what, search, call, status, path) => {
    const answer = await api.call(`/jobs/${NOBODY}/cancel${search}`, call);
    expect(answer.json).toMatchObject({ status, errors: [{ path }] });
  });

  test.each([
    ['text/plain', 'x', 415],
    ['application/json', '{', 400],
    ['application/json', JSON.stringify({ reason: 'x'.repeat(5000) }), 413],
  ])('is refused as %s %j', async (type, body, status) => {
    const answer = await api.call(`/jobs/${NOBODY}/cancel`, asJson(body, type));
    expect(answer.json.status).toBe(status);
  });
});
