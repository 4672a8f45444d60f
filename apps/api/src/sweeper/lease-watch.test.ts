import type { Lease } from '@conjob/shared';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { useQueue } from '../testing/use-queue.ts';
import { LeaseWatch } from './lease-watch.ts';

/** Leases that are over by the clock of Redis, and what the watch says of them. */
function watched() {
  const seen: Lease[] = [];
  const expire = vi.fn(async (_lease: Lease, _observedMs: number) => 'held' as const);
  const leases = { ending: vi.fn(async () => [...seen]), expire };
  const watch = new LeaseWatch({ leases, logger: given.logger });
  return {
    leases,
    watch,
    hold: (id: string, leaseUntil: number) => seen.splice(0, 1, { id, leaseUntil }),
    said: () => expire.mock.calls.map(([, observedMs]) => observedMs),
  };
}

const given = useQueue();
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('says for how long it has seen a lease as it is', async () => {
  const { watch, hold, said } = watched();
  hold('a', 100);
  await watch.look();
  expect(said()).toEqual([]);
  vi.advanceTimersByTime(1000);
  await watch.look();
  vi.advanceTimersByTime(1500);
  await watch.look();
  expect(said()).toEqual([1000, 2500]);
});

test('begins again with each renewal', async () => {
  const { watch, hold, said } = watched();
  hold('a', 100);
  await watch.look();
  vi.advanceTimersByTime(1000);
  hold('a', 200);
  await watch.look();
  vi.advanceTimersByTime(1000);
  await watch.look();
  expect(said()).toEqual([1000]);
});

test('begins again after Redis was away, did not answer, or the process slept', async () => {
  const { leases, watch, hold, said } = watched();
  hold('a', 100);
  await watch.look();
  watch.forget();
  vi.advanceTimersByTime(1000);
  await watch.look();
  leases.ending.mockRejectedValueOnce(new Error('Command timed out'));
  await expect(watch.look()).rejects.toThrow('timed out');
  vi.advanceTimersByTime(1000);
  await watch.look();
  vi.advanceTimersByTime(60_000);
  await watch.look();
  expect(said()).toEqual([]);
});

test('a worker that renews its lease keeps it, however short', async () => {
  const watch = new LeaseWatch(given);
  const { worker, claim } = await given.takeAndVanish(await given.accept(), 3000);
  for (let n = 0; n < 5; n += 1) {
    await watch.look();
    vi.advanceTimersByTime(2000);
    await worker.renew(claim);
  }
  expect((await given.find(claim.id)).state).toBe('running');
});

test('a job that can not be read keeps no other lease from its end', async () => {
  const [broken, sound] = [await given.accept(), await given.accept()];
  for (const id of [broken, sound]) await given.takeAndVanish(id);
  await given.redis.hset(`{conjob}:job:${broken}`, 'spec', 'no JSON');
  const watch = new LeaseWatch(given);
  await watch.look();
  vi.advanceTimersByTime(2000);
  await watch.look();
  expect((await given.find(sound)).state).toBe('queued');
});
