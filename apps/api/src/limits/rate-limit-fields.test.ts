import { expect, test } from 'vitest';
import type { Answer } from '../testing/http-client.ts';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';

const api = useTestApi(byImage);

async function allow(perSecond: number): Promise<void> {
  const key = 'conjob.job.limit.maxGlobalRequestsPerSecond';
  await api.callAdmin(`/tasks/config?${key}=${perSecond}`, { method: 'POST' });
}
const leftOf = ({ headers }: Answer) =>
  Number(/^"jobs";r=(\d+);t=1$/.exec(headers['ratelimit'] as string)?.[1]);
const submit = (path = '/jobs?image=silent') => api.call(path, { method: 'POST' });

test('tell what the limiter has counted, down to the request that it refuses', async () => {
  await allow(20);
  // At once: whatever of them the limiter counts within one second, each has another number left.
  const answers = await Promise.all(Array.from({ length: 15 }, () => submit()));
  expect(new Set(answers.map(leftOf)).size).toBe(15);
  expect(Math.max(...answers.map(leftOf))).toBe(19);
  for (const { headers } of answers) expect(headers['ratelimit-policy']).toBe('"jobs";q=20;w=1');
});

test.each([
  ['POST', '/jobs?image=silent'],
  ['GET', '/job/run?image=silent'],
])(
  '%s %s over the rate is told when to come back, and that nothing is left',
  async (method, path) => {
    await allow(0);
    const refused = await api.call(path, { method });
    expect(refused.status).toBe(503);
    expect(refused.headers).toMatchObject({
      'retry-after': '1',
      'ratelimit-policy': '"jobs";q=0;w=1',
      ratelimit: '"jobs";r=0;t=1',
    });
  },
);

test('are left out where there is no limit, and by what makes no job', async () => {
  await allow(5);
  expect((await api.call('/jobs')).headers).not.toHaveProperty('ratelimit');
  await allow(1_000_000);
  expect((await submit()).headers).not.toHaveProperty('ratelimit-policy');
});
