import { describe, expect, test } from 'vitest';
import { ATTEMPT_STEPS } from '../job-state.ts';
import { keys } from '../keys.ts';
import { jobResult, useLedger } from '../testing/use-ledger.ts';
import type { Attempts } from './attempts.ts';
import { type Claim, FencedError } from './claim.ts';

const ledger = useLedger();
const CHUNK = [{ stream: 'stdout', data: Buffer.from('late') }] as const;
const FAILURE = jobResult({ conclusion: 'FAILURE', exitCode: 1 });
const WRITES: [string, (attempts: Attempts, claim: Claim) => Promise<unknown>][] = [
  ['advance', (attempts, claim) => attempts.advance(claim, 'started', 'running')],
  ['renew', (attempts, claim) => attempts.renew(claim)],
  ['append output', (attempts, claim) => attempts.appendOutput(claim, CHUNK)],
  ['release', (attempts, claim) => attempts.release(claim)],
  ['retry', (attempts, claim) => attempts.retry(claim, FAILURE, 0)],
  ['finish', (attempts, claim) => attempts.finish(claim, jobResult())],
];

describe.each(WRITES)('to %s', (_name, write) => {
  const expectFenced = async (claim: Claim): Promise<void> => {
    const before = await ledger.redis.hgetall(keys.job(claim.id));
    await expect(write(ledger.worker('first'), claim)).rejects.toThrow(FencedError);
    expect(await ledger.redis.hgetall(keys.job(claim.id))).toEqual(before);
    expect(await ledger.output(claim.id)).toBe('');
  };

  test.each(ATTEMPT_STEPS)('is refused once the lease was ended (it was %s)', async (step) => {
    const retry = { maxAttempts: 3, on: ['worker.lost'], backoffSeconds: 0 };
    const claim = await ledger.claimAt(step, { retry });
    expect(await ledger.loseWorker(claim.id)).toBe('queued');
    await expectFenced(claim);
    await ledger.claim(claim.id, 'second');
    await expectFenced(claim);
  });

  test('is refused after it was given back', async () => {
    const claim = await ledger.claimAt('created');
    await ledger.worker('first').release(claim);
    await expectFenced(claim);
  });

  test('is refused after the attempt has ended, and the job is to run again', async () => {
    const claim = await ledger.claimAt('started');
    await ledger.worker('first').retry(claim, FAILURE, 0);
    await expectFenced(claim);
  });

  test('is refused after the end', async () => {
    const claim = await ledger.claimAt('started');
    await ledger.worker('first').finish(claim, FAILURE);
    await expectFenced(claim);
  });

  test('is refused for a job that is forgotten, and brings nothing back', async () => {
    const claim = await ledger.claimAt('claimed');
    await ledger.redis.flushall();
    await expectFenced(claim);
    expect(await ledger.redis.dbsize()).toBe(0);
  });

  test('works after the lease has run out while nobody has ended it', async () => {
    const claim = await ledger.claimAt('claimed');
    await ledger.endLease(claim.id);
    await write(ledger.worker('first'), claim);
  });
});
