import { keys } from '@conjob/shared';
import { until } from '@conjob/testkit';
import type { FuzzedApi } from './support/fuzzed-api.ts';
import { callKnown as call } from './support/logins.ts';

/** What Redis holds for good, however many jobs there were. All else expires, or goes with its job. */
const LASTING = [
  /^{conjob}:(limits|events|totals|last-turn|placements|workers|worker:w1|installation)$/,
  /^{conjob}:bull:[^:]+(:(meta|events|marker|id|stalled-check))?$/,
];

/** Ends and deletes all jobs, tokens and drains, as a caller does. */
export async function clearAll({ url, adminUrl, redis }: FuzzedApi): Promise<void> {
  const held = () => redis.zrange(keys.jobs, '0', '-1');
  for (const id of await held()) await call(`${url}/jobs/${id}/cancel`, { method: 'POST' });
  await until(async () => (await redis.zcard(keys.leases)) === 0);
  while ((await held()).length > 0) {
    for (const id of await held()) {
      const { status } = await call(`${url}/jobs/${id}`, { method: 'DELETE' });
      if (status !== 204 && status !== 404) throw new Error(`DELETE /jobs/${id}: ${status}`);
    }
  }
  for (const { name } of (await call(`${adminUrl}/tokens`)).json.tokens) {
    await call(`${adminUrl}/tokens/${name}`, { method: 'DELETE' });
  }
  await call(`${adminUrl}/workers/w1/resume`, { method: 'POST' });
}

/** Keys that neither expire nor are of what lasts, and places that nobody holds. Empty when all is well. */
export async function leftIn({ redis }: FuzzedApi): Promise<string[]> {
  const left: string[] = [];
  for (const key of await redis.keys('*')) {
    const isLasting = LASTING.some((pattern) => pattern.test(key));
    if (!isLasting && (await redis.pttl(key)) === -1) left.push(key);
  }
  return left.toSorted();
}
