import { expect, test } from 'vitest';
import { redisTime } from '../redis-time.ts';
import { jobResult, useLedger } from '../testing/use-ledger.ts';
import { readHolders } from './holders.ts';

const ledger = useLedger();

async function holderOf(id: string) {
  return (await readHolders(ledger.redis, [id]))[0];
}

test('the holder of a running job is its worker, with attempt, step and lease', async () => {
  const claim = await ledger.claimAt('started');
  const holder = await holderOf(claim.id);
  expect(holder).toEqual({
    state: 'running',
    attempt: 1,
    step: 'started',
    worker: 'first',
    leaseUntil: expect.any(Number),
    leaseMs: 600_000,
  });
  expect(holder?.leaseUntil).toBeGreaterThan(await redisTime(ledger.redis));
});

test('a renewal shows as another end of the lease', async () => {
  const claim = await ledger.claimAt('claimed');
  await ledger.endLease(claim.id);
  expect((await holderOf(claim.id))?.leaseUntil).toBe(1);
  await ledger.worker('first').renew(claim);
  expect((await holderOf(claim.id))?.leaseUntil).toBeGreaterThan(1);
});

test('nobody holds a job that waits, was given back, or has finished', async () => {
  const fresh = await ledger.submit();
  expect(await holderOf(fresh)).toEqual({
    state: 'queued',
    attempt: 0,
    step: null,
    worker: '',
    leaseUntil: null,
    leaseMs: 0,
  });
  const released = await ledger.claimAt('created');
  await ledger.worker('first').release(released);
  const ended = await ledger.claimAt('started');
  await ledger.worker('first').finish(ended, jobResult());
  const holders = await readHolders(ledger.redis, [released.id, ended.id]);
  expect(holders).toMatchObject([
    { state: 'queued', attempt: 1, step: null, leaseUntil: null },
    { state: 'finished', attempt: 1, leaseUntil: null },
  ]);
});

test('many are read at once, in the order in which they were asked for', async () => {
  const claims = [await ledger.claimAt('claimed'), await ledger.claimAt('exited')];
  const ids = [claims[1]?.id ?? '', 'nobody', claims[0]?.id ?? ''];
  const holders = await readHolders(ledger.redis, ids);
  expect(holders.map((holder) => holder?.step ?? null)).toEqual(['exited', null, 'claimed']);
  expect(holders[1]).toBeNull();
  expect(await readHolders(ledger.redis, [])).toEqual([]);
});
