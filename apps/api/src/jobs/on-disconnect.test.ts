import { until } from '@conjob/testkit';
import { describe, expect, test } from 'vitest';
import type { Call } from '../testing/http-client.ts';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';

const api = useTestApi(byImage);
const JSON_TYPE = { 'Content-Type': 'application/json' };

/** Starts a job, leaves as soon as it runs, and returns its id. */
async function startAndLeave(path: string, call: Call): Promise<string> {
  const client = new AbortController();
  const answer = api.call(path, { method: 'POST', ...call, signal: client.signal });
  let id = '';
  await until(async () => {
    id = (await api.call('/jobs?state=running')).json.jobs[0]?.id ?? '';
    return id !== '';
  });
  client.abort();
  await expect(answer).rejects.toThrow();
  return id;
}

async function cancel(id: string): Promise<void> {
  await api.call(`/jobs/${id}/cancel`, { method: 'POST' });
  await api.call(`/jobs/${id}?wait=60`);
}

describe('a client that leaves before the answer', () => {
  test.each<[string, Call]>([
    ['/job/run?image=hang&onDisconnect=cancel', {}],
    ['/job/run?image=hang&onDisconnect=CANCEL', { headers: { Prefer: 'wait=60' } }],
    ['/jobs?image=hang&onDisconnect=cancel', { headers: { Prefer: 'wait=60' } }],
    [
      '/jobs?onDisconnect=cancel',
      { headers: { ...JSON_TYPE, Prefer: 'wait=60' }, body: '{"image":"hang"}' },
    ],
  ])('ends its job with %s', async (path, call) => {
    const id = await startAndLeave(path, call);
    expect((await api.call(`/jobs/${id}?wait=60`)).json).toMatchObject({
      conclusion: 'CANCELLED',
      cancelReason: 'the client disconnected',
    });
  });

  test.each(['/job/run?image=hang', '/job/run?image=hang&onDisconnect=continue'])(
    'leaves its job running with %s',
    async (path) => {
      const before = api.logs.length;
      const id = await startAndLeave(path, {});
      const abandoned = () => api.logs.slice(before).some(({ msg }) => msg === 'request abandoned');
      await until(abandoned);
      expect((await api.call(`/jobs/${id}`)).json).toMatchObject({
        state: 'running',
        cancelReason: null,
      });
      await cancel(id);
    },
  );
});

test('a wait that ends by its time ends no job', async () => {
  const answer = await api.call('/job/run?image=hang&onDisconnect=cancel', {
    headers: { Prefer: 'wait=0' },
  });
  expect(answer.status).toBe(202);
  const id = answer.headers['conjob-job-id'] as string;
  await until(async () => (await api.call(`/jobs/${id}`)).json.state === 'running');
  expect((await api.call(`/jobs/${id}`)).json.cancelReason).toBeNull();
  await cancel(id);
});

test('an answer that was given ends no job with its connection', async () => {
  const answer = await api.call('/job/run?image=echo&arg=x&onDisconnect=cancel');
  expect(answer).toMatchObject({ status: 200, text: 'x' });
});

test.each([
  ['/job/run?image=echo&onDisconnect=maybe', 'request.invalid'],
  ['/jobs?onDisconnect=maybe', 'request.invalid'],
  ['/jobs?onDisconnect=cancel&onDisconnect=cancel', 'request.invalid'],
])('%s is refused', async (path, code) => {
  const headers = { ...JSON_TYPE, Accept: 'application/json' };
  const answer = await api.call(path, { headers, body: '{"image":"echo"}' });
  expect(answer.json).toMatchObject({ status: 400, code, errors: [{ path: 'onDisconnect' }] });
});
