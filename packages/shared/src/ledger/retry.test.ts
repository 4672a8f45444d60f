import { describe, expect, test } from 'vitest';
import { jobError } from '../job-error.ts';
import { keys } from '../keys.ts';
import { jobResult, useLedger } from '../testing/use-ledger.ts';
import type { Claim } from './claim.ts';

const ledger = useLedger();
const HOUR_MS = 3_600_000;
const FAILURE = jobResult({ conclusion: 'FAILURE', exitCode: 7 });
const print = (claim: Claim, text: string) =>
  ledger.worker('first').appendOutput(claim, [{ stream: 'stdout', data: Buffer.from(text) }]);

describe('a job that is run again', () => {
  test('keeps the result and the output of each attempt', async () => {
    const first = await ledger.claimAt('started');
    await print(first, 'one');
    expect(await ledger.worker('first').retry(first, FAILURE, 0)).toBe('queued');
    expect(await ledger.find(first.id)).toMatchObject({
      state: 'queued',
      phase: null,
      finishedAt: null,
      result: null,
    });
    const second = await ledger.claim(first.id);
    await print(second, 'two');
    await ledger.worker('first').finish(second, jobResult());
    const record = await ledger.find(first.id);
    expect(record.result).toEqual(jobResult());
    expect(record.attempts).toMatchObject([
      { number: 1, result: FAILURE, finishedAt: expect.any(Number) },
      { number: 2, result: jobResult(), finishedAt: record.finishedAt },
    ]);
    expect(await ledger.output(first.id, 1)).toBe('stdout:one ');
    expect(await ledger.output(first.id, 2)).toBe('stdout:two ');
    for (const attempt of [1, 2]) {
      expect(await ledger.redis.pttl(keys.output(first.id, attempt))).toBeGreaterThan(0);
    }
  });

  test('has its standard input again', async () => {
    const input = Buffer.from('typed');
    const claim = await ledger.claim(await ledger.submit({}, input));
    await ledger.worker('first').retry(claim, FAILURE, 0);
    const again = await ledger.claim(claim.id, 'second');
    expect(await ledger.worker('second').input(again)).toEqual(input);
  });

  test('tells how often it was, those times not counted that it was given back', async () => {
    const id = await ledger.submit();
    const attempts = ledger.worker('first');
    await attempts.retry(await ledger.claim(id), FAILURE, 0);
    await attempts.release(await ledger.claim(id));
    await attempts.retry(await ledger.claim(id), FAILURE, 0);
    expect(await ledger.claim(id)).toMatchObject({ attempt: 4, retries: 2 });
    expect((await ledger.find(id)).retries).toBe(2);
  });

  test('is adopted with that count', async () => {
    const id = await ledger.submit();
    const attempts = ledger.worker('first');
    await attempts.retry(await ledger.claim(id), FAILURE, 0);
    await attempts.advance(await ledger.claim(id), 'started', 'running');
    expect(await attempts.adopt(id, 2, 'new')).toMatchObject({ attempt: 2, retries: 1 });
  });

  test('is not taken before it is due, and put on its queue then', async () => {
    const claim = await ledger.claimAt('started');
    await ledger.worker('first').retry(claim, FAILURE, HOUR_MS);
    const { retryAt, attempts } = await ledger.find(claim.id);
    expect(retryAt).toBe((attempts[0]?.finishedAt ?? 0) + HOUR_MS);
    expect(await ledger.dueAt(claim.id)).toBe(retryAt);
    const outcome = await ledger.worker('second').claim(claim.id, 'early');
    expect(outcome).toEqual({ kind: 'early', retryAfterMs: expect.any(Number) });
    expect('retryAfterMs' in outcome && outcome.retryAfterMs).toBeGreaterThan(HOUR_MS / 2);
    expect(await ledger.submissions.due()).toEqual([]);
    expect((await ledger.find(claim.id)).attempts).toHaveLength(1);

    await ledger.makeDue(claim.id);
    expect(await ledger.submissions.due()).toEqual([claim.id]);
    expect(await ledger.claim(claim.id, 'second')).toMatchObject({ attempt: 2 });
    expect((await ledger.find(claim.id)).retryAt).toBeNull();
  });

  test('waits behind those that came before it was due', async () => {
    const claim = await ledger.claimAt('started');
    const other = await ledger.submit();
    await ledger.worker('first').retry(claim, FAILURE, 1000);
    expect(await ledger.position(other)).toBe(0);
    expect(await ledger.position(claim.id)).toBe(1);
  });

  test('may wait in the queue as long again, from when it is due', async () => {
    const claim = await ledger.claimAt('started', { queueTimeoutSeconds: 30 });
    await ledger.worker('first').retry(claim, FAILURE, HOUR_MS);
    const { retryAt } = await ledger.find(claim.id);
    const deadline = await ledger.redis.zscore(keys.queueDeadlines, claim.id);
    expect(Number(deadline)).toBe((retryAt ?? 0) + 30_000);
  });

  test('is still to be put on its queue when it is said late that it was before', async () => {
    const claim = await ledger.claimAt('started');
    await ledger.worker('first').retry(claim, FAILURE, 0);
    await ledger.submissions.queued(claim.id);
    expect(await ledger.submissions.due()).toEqual([claim.id]);
    await ledger.submissions.queued(claim.id, 1);
    expect(await ledger.submissions.due()).toEqual([]);
  });
});

describe('to cancel a job that is run again', () => {
  const cancelled = { conclusion: 'CANCELLED', exitCode: -1, error: jobError('run.cancelled') };

  test('ends it between two attempts, and leaves the result of the first', async () => {
    const claim = await ledger.claimAt('started');
    await ledger.worker('first').retry(claim, FAILURE, HOUR_MS);
    expect(await ledger.submissions.cancel(claim.id, 'enough')).toBe('cancelled');
    const record = await ledger.find(claim.id);
    expect(record).toMatchObject({
      state: 'finished',
      result: cancelled,
      cancelReason: 'enough',
      retryAt: null,
      attempts: [{ result: FAILURE }],
    });
    expect(record.attempts).toHaveLength(1);
    expect(await ledger.tracesOfWaiting(claim.id)).toEqual([]);
    expect(await ledger.worker('second').claim(claim.id, 'late')).toEqual({ kind: 'over' });
  });

  test('ends it with the attempt that has just failed', async () => {
    const claim = await ledger.claimAt('started');
    await ledger.submissions.cancel(claim.id, 'enough');
    const failure = { ...FAILURE, outputBytes: 12 };
    expect(await ledger.worker('first').retry(claim, failure, 0)).toBe('finished');
    expect(await ledger.find(claim.id)).toMatchObject({
      state: 'finished',
      result: { ...cancelled, outputBytes: 12, timings: FAILURE.timings },
      attempts: [{ result: failure }],
    });
    expect(await ledger.tracesOfWaiting(claim.id)).toEqual([]);
  });

  test('or let it wait too long for its next attempt: the result of the first stays', async () => {
    const claim = await ledger.claimAt('started');
    await ledger.worker('first').retry(claim, FAILURE, 0);
    const error = jobError('queue.timed_out');
    expect(await ledger.submissions.finishQueued(claim.id, error)).toBe(true);
    expect(await ledger.find(claim.id)).toMatchObject({
      result: { conclusion: 'TIMED_OUT' },
      attempts: [{ result: FAILURE }],
    });
  });
});
