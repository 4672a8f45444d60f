import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jobError } from '../job-error.ts';
import { jobResult, jobSpec, useLedger } from '../testing/use-ledger.ts';
import type { Claim } from './claim.ts';

const ledger = useLedger();
const OOM = /OOM command not allowed/;
const FAILURE = jobResult({ conclusion: 'FAILURE', exitCode: 1 });

beforeEach(async () => {
  await ledger.redis.config('SET', 'maxmemory-policy', 'noeviction');
});
afterEach(async () => {
  await ledger.redis.config('SET', 'maxmemory', '0');
});

/** From now on Redis has more than it may have. */
async function fill(): Promise<void> {
  await ledger.redis.config('SET', 'maxmemory', '1');
  // The control: an ordinary write is refused.
  await expect(ledger.redis.set('any', 'thing')).rejects.toThrow(OOM);
}

describe('a Redis whose memory is full', () => {
  test('takes on no new job, and leaves no trace of it', async () => {
    const before = (await ledger.redis.keys('*')).sort();
    await fill();
    const input = Buffer.from('typed');
    const idempotency = { keyHash: 'key', fingerprint: 'same' };
    const accepted = ledger.submissions.accept({ id: 'a', spec: jobSpec(), input, idempotency });
    await expect(accepted).rejects.toThrow(OOM);
    expect((await ledger.redis.keys('*')).sort()).toEqual(before);
  });

  test('takes no more output, and says so before it has taken some', async () => {
    const claim = await ledger.claimAt('started');
    await fill();
    const chunk = { stream: 'stdout', data: Buffer.from('a') } as const;
    const appended = ledger.worker('first').appendOutput(claim, [chunk, chunk]);
    await expect(appended).rejects.toThrow(OOM);
    expect(await ledger.output(claim.id)).toBe('');
  });

  test('lets a job that it has go all its way to the end', async () => {
    const id = await ledger.submit({ queueTimeoutSeconds: 60 });
    await fill();
    await ledger.submissions.queued(id);
    const claim = await ledger.claim(id);
    const attempts = ledger.worker('first');
    await attempts.advance(claim, 'created', 'creating', { containerId: 'c1' });
    expect(await attempts.renew(claim)).toBe('');
    await attempts.advance(claim, 'started', 'running');
    const adopted = await attempts.adopt(id, 1, 'new');
    if (adopted === null) throw new Error('not adopted');
    await attempts.advance(adopted, 'exited', 'collecting');
    await attempts.finish(adopted, jobResult());
    expect(await ledger.find(id)).toMatchObject({ state: 'finished', result: jobResult() });
    expect(await ledger.submissions.remove(id)).toBe('removed');
  });

  const ENDS: [string, 'claimed' | 'started', (claim: Claim) => Promise<unknown>, string][] = [
    ['given back', 'claimed', (claim) => ledger.worker('first').release(claim), 'queued'],
    ['run again', 'started', (claim) => ledger.worker('first').retry(claim, FAILURE, 0), 'queued'],
    ['lost before its start', 'claimed', ({ id }) => lose(id), 'queued'],
    ['lost', 'started', ({ id }) => lose(id), 'finished'],
  ];
  test.each(ENDS)('lets a job be %s', async (_name, step, end, state) => {
    const claim = await ledger.claimAt(step, { requires: { gpu: 'true' } });
    await ledger.endLease(claim.id);
    await fill();
    await end(claim);
    expect((await ledger.find(claim.id)).state).toBe(state);
  });

  test('lets jobs be cancelled, and be ended when they wait too long', async () => {
    const [queued, late] = [await ledger.submit(), await ledger.submit()];
    const running = await ledger.claimAt('started');
    await fill();
    expect(await ledger.submissions.cancel(queued, 'enough')).toBe('cancelled');
    expect(await ledger.submissions.cancel(running.id, 'enough')).toBe('requested');
    expect(await ledger.worker('first').renew(running)).toBe('enough');
    const error = jobError('queue.timed_out');
    expect(await ledger.submissions.finishQueued(late, error)).toBe(true);
  });

  test('forgets requirements that no job has', async () => {
    const requires = { gpu: 'true' };
    await ledger.submissions.cancel(await ledger.submit({ requires }), 'enough');
    await fill();
    expect(await ledger.submissions.forgetPlacement(requires, -1)).toBe(true);
  });
});

/** `endLease` writes as a test does: it must be done while there is room. */
function lose(id: string) {
  return ledger.leases.expire({ id, leaseUntil: 1 }, 600_000);
}
