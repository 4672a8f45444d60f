import { describe, expect, test } from 'vitest';
import { keys } from '../keys.ts';
import { jobResult, useLedger } from '../testing/use-ledger.ts';
import { FencedError } from './claim.ts';

const ledger = useLedger();

describe('an adoption', () => {
  test.each(['started', 'exited'] as const)(
    'takes over a job that was %s, and fences the process before at once',
    async (step) => {
      const claim = await ledger.claimAt(step, { args: ['a'] });
      const adopted = await ledger.worker('first').adopt(claim.id, 1, 'new');
      expect(adopted).toMatchObject({ id: claim.id, token: 'new', attempt: 1, cancelReason: '' });
      expect(adopted?.spec).toEqual(claim.spec);
      expect(adopted?.queueMs).toBe(claim.queueMs);
      expect(adopted?.ranMs).toBeGreaterThanOrEqual(0);
      await expect(ledger.worker('first').renew(claim)).rejects.toThrow(FencedError);
      if (adopted === null) throw new Error('not adopted');
      await ledger.worker('first').finish(adopted, jobResult());
      expect((await ledger.find(claim.id)).attempts).toMatchObject([
        { worker: 'first', result: { conclusion: 'SUCCESS' } },
      ]);
    },
  );

  test('counts the time since the container was started', async () => {
    const { id } = await ledger.claimAt('exited');
    await ledger.redis.hincrby(keys.job(id), 'runningAt', -5000);
    const adopted = await ledger.worker('first').adopt(id, 1, 'new');
    expect(adopted?.ranMs).toBeGreaterThanOrEqual(5000);
    expect(adopted?.ranMs).toBeLessThan(3_600_000);
  });

  test('counts the stored bytes of each stream', async () => {
    const claim = await ledger.claimAt('started');
    for (let n = 0; n < 100; n += 1) {
      await ledger.worker('first').appendOutput(claim, [
        { stream: 'stdout', data: Buffer.from('é') },
        { stream: 'stderr', data: Buffer.from('b') },
      ]);
    }
    const adopted = await ledger.worker('first').adopt(claim.id, 1, 'new');
    expect(adopted?.recordedBytes).toEqual({ stdout: 200, stderr: 100 });
  });

  test('lets its worker append from a new process', async () => {
    const claim = await ledger.claimAt('started');
    const chunk = [{ stream: 'stdout', data: Buffer.from('ab') }] as const;
    await ledger.worker('first').appendOutput(claim, chunk);
    const adopted = await ledger.worker('first').adopt(claim.id, 1, 'new');
    if (adopted === null) throw new Error('not adopted');
    await ledger.worker('first').appendOutput(adopted, chunk);
    expect(await ledger.redis.xlen(keys.output(claim.id, 1))).toBe(2);
  });

  test('carries the reason of a cancellation', async () => {
    const { id } = await ledger.claimAt('started');
    await ledger.submissions.cancel(id, 'requested');
    expect((await ledger.worker('first').adopt(id, 1, 'new'))?.cancelReason).toBe('requested');
  });

  test('is refused when one after the other came to nothing, until its lease ends', async () => {
    const { id } = await ledger.claimAt('started');
    const adopt = (token: string) => ledger.worker('first').adopt(id, 1, token);
    for (let n = 1; n <= 20; n += 1) expect(await adopt(`t${n}`)).not.toBeNull();
    expect(await adopt('t20'), 'the same call, sent again').not.toBeNull();
    expect(await adopt('t21')).toBeNull();
  });

  test('is allowed as often as it takes when each renews the lease', async () => {
    const { id } = await ledger.claimAt('started');
    for (let n = 1; n <= 21; n += 1) {
      const adopted = await ledger.worker('first').adopt(id, 1, `t${n}`);
      if (adopted === null) throw new Error('not adopted');
      await ledger.worker('first').renew(adopted);
    }
  });

  test('keeps others off, also when the lease was over', async () => {
    const { id } = await ledger.claimAt('started');
    await ledger.endLease(id);
    await ledger.worker('first').adopt(id, 1, 'new');
    expect(await ledger.leases.expire({ id, leaseUntil: 1 }, 600_000)).toBe('held');
    expect(await ledger.worker('second').claim(id, 'x')).toMatchObject({ kind: 'leased' });
  });

  test.each(['claimed', 'created'] as const)('of a job that was %s is refused', async (step) => {
    const claim = await ledger.claimAt(step);
    expect(await ledger.worker('first').adopt(claim.id, 1, 'new')).toBeNull();
    expect(await ledger.worker('first').renew(claim)).toBe('');
  });

  test('of another attempt is refused', async () => {
    const claim = await ledger.claimAt('started');
    expect(await ledger.worker('first').adopt(claim.id, 2, 'new')).toBeNull();
    expect(await ledger.worker('first').adopt(claim.id, 0, 'new')).toBeNull();
    expect(await ledger.worker('first').renew(claim)).toBe('');
  });

  test('is refused once another attempt has begun', async () => {
    const claim = await ledger.claimAt('created');
    await ledger.loseWorker(claim.id);
    await ledger.claim(claim.id, 'second');
    expect(await ledger.worker('first').adopt(claim.id, 1, 'new')).toBeNull();
  });

  test('of a queued, finished or unknown job is refused', async () => {
    expect(await ledger.worker('first').adopt(await ledger.submit(), 1, 'new')).toBeNull();
    expect(await ledger.worker('first').adopt(await ledger.submitFinished(), 1, 'new')).toBeNull();
    expect(await ledger.worker('first').adopt('nobody', 1, 'new')).toBeNull();
    expect(await ledger.redis.exists(keys.job('nobody'))).toBe(0);
  });
});

describe('an adoption from another worker', () => {
  const adopt = (id: string, token = 'new') => ledger.worker('second').adopt(id, 1, token, 'first');

  test('takes the attempt over when nobody has its name any more', async () => {
    const claim = await ledger.claimAt('started');
    const adopted = await adopt(claim.id);
    expect(adopted).toMatchObject({ attempt: 1, previous: { worker: 'first' } });
    await expect(ledger.worker('first').renew(claim)).rejects.toThrow(FencedError);
    expect((await ledger.find(claim.id)).attempts).toMatchObject([{ worker: 'second' }]);
    expect(await ledger.worker('first').adopt(claim.id, 1, 'late')).toBeNull();
  });

  test('is refused while a process has the name', async () => {
    const claim = await ledger.claimAt('started');
    await ledger.redis.set(keys.workerName('first'), 'somebody');
    expect(await adopt(claim.id)).toBeNull();
    expect(await ledger.worker('first').renew(claim)).toBe('');
  });

  test('is refused when the attempt is not of the worker that the container names', async () => {
    const claim = await ledger.claimAt('started');
    expect(await ledger.worker('second').adopt(claim.id, 1, 'new')).toBeNull();
    expect(await ledger.worker('second').adopt(claim.id, 1, 'new', 'third')).toBeNull();
    expect(await ledger.worker('first').renew(claim)).toBe('');
  });

  test('sent again with its token is the same adoption', async () => {
    const { id } = await ledger.claimAt('started');
    const adopted = await adopt(id);
    const ranMs = expect.any(Number);
    expect(await adopt(id)).toEqual({ ...adopted, ranMs });
    expect(await adopt(id, 'other')).toBeNull();
  });
});
