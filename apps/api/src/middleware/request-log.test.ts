import { until } from '@conjob/testkit';
import { expect, test } from 'vitest';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';

const api = useTestApi(byImage);

async function linesOf(traceId: string): Promise<Record<string, unknown>[]> {
  const lines = () => api.logs.filter((line) => line['traceId'] === traceId);
  await until(() => lines().length > 0);
  return lines();
}

test('a request is one line, without what may be secret', async () => {
  const answer = await api.call('/job/run?image=echo&arg=hush-query', {
    method: 'POST',
    headers: { Authorization: 'Basic hush-login', Cookie: 'hush-cookie' },
  });
  await api.call('/job/run?image=echo', { body: 'hush-body' });
  expect(await linesOf(answer.headers['x-b3-traceid'] as string)).toEqual([
    expect.objectContaining({
      level: 30,
      method: 'POST',
      path: '/job/run',
      status: 200,
      durationMs: expect.any(Number),
      job: answer.headers['conjob-job-id'],
      msg: 'request answered',
    }),
  ]);
  expect(JSON.stringify(api.logs)).not.toContain('hush');
});

test('a failed job is no error of the platform', async () => {
  const answer = await api.call('/job/run?image=broken');
  expect(answer.status).toBe(500);
  const [line] = await linesOf(answer.headers['x-b3-traceid'] as string);
  expect(line).toMatchObject({ level: 30, status: 500 });
  expect(line).not.toHaveProperty('err');
});

test('probes are logged for debugging only', async () => {
  const answer = await api.call('/readyz');
  const [line] = await linesOf(answer.headers['x-b3-traceid'] as string);
  expect(line).toMatchObject({ level: 20, path: '/readyz' });
});
