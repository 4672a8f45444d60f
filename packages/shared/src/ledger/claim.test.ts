import { describe, expect, test } from 'vitest';
import { OLDEST_RECORD_VERSION, RECORD_VERSION } from '../job-record.ts';
import { keys } from '../keys.ts';
import { claimOf, jobResult, useLedger } from '../testing/use-ledger.ts';
import { FencedError } from './claim.ts';

const ledger = useLedger();

describe('a claim', () => {
  test('takes a queued job: it runs, waits no more, and the attempt is on record', async () => {
    const id = await ledger.submit({ args: ['a'], queueTimeoutSeconds: 5 });
    const outcome = await ledger.worker('first').claim(id, 'secret');
    expect(outcome).toMatchObject({
      kind: 'claimed',
      claim: { id, token: 'secret', attempt: 1, retries: 0, cancelReason: '' },
    });
    const { spec, queueMs } = claimOf(outcome);
    expect(spec.args).toEqual(['a']);
    expect(queueMs).toBeGreaterThanOrEqual(0);
    const record = await ledger.find(id);
    expect(record).toMatchObject({ state: 'running', phase: 'pulling', finishedAt: null });
    expect(record.startedAt).toBeGreaterThanOrEqual(record.createdAt);
    expect(record.attempts).toMatchObject([
      { number: 1, worker: 'first', startedAt: record.startedAt, finishedAt: null, result: null },
    ]);
    expect(await ledger.tracesOfWaiting(id)).toEqual([]);
  });

  test('by many at once goes to one; the others are told when to look again', async () => {
    const id = await ledger.submit();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) => ledger.worker(`w${n}`).claim(id, ledger.newToken())),
    );
    const leased = outcomes.filter(({ kind }) => kind === 'leased');
    expect(leased).toHaveLength(19);
    for (const outcome of leased) {
      expect(outcome.kind === 'leased' && outcome.retryAfterMs).toBeGreaterThan(0);
    }
    expect((await ledger.find(id)).attempts).toHaveLength(1);
  });

  test('sent again with its token is the same claim', async () => {
    const id = await ledger.submit();
    const attempts = ledger.worker('first');
    const outcome = await attempts.claim(id, 'token');
    const record = await ledger.find(id);
    const again = await attempts.claim(id, 'token');
    expect(again.kind).toBe('claimed');
    const queueMs = expect.any(Number);
    expect(claimOf(again)).toEqual({ ...claimOf(outcome), queueMs });
    expect(await ledger.find(id)).toEqual(record);
    expect(await ledger.announced(id)).toEqual(['running']);
  });

  test('ends no lease, however long it is over', async () => {
    const claim = await ledger.claimAt('claimed');
    await ledger.endLease(claim.id);
    const outcome = await ledger.worker('second').claim(claim.id, 'next');
    expect(outcome).toEqual({ kind: 'leased', retryAfterMs: 0 });
    expect(await ledger.worker('first').renew(claim)).toBe('');
  });

  test('keeps the time of the first start over all attempts', async () => {
    const { id } = await ledger.claimAt('claimed');
    await ledger.redis.hset(keys.job(id), 'startedAt', 12345);
    await ledger.loseWorker(id);
    await ledger.claim(id, 'second');
    expect((await ledger.find(id)).startedAt).toBe(12345);
  });

  test('of a finished or unknown job finds nothing to do', async () => {
    const id = await ledger.submitFinished();
    expect(await ledger.worker('second').claim(id, 'late')).toEqual({ kind: 'over' });
    expect(await ledger.worker('second').claim('nobody', 'late')).toEqual({ kind: 'missing' });
    expect(await ledger.redis.exists(keys.job('nobody'))).toBe(0);
  });

  test('of a record of an older version that is still read fills in what it lacks', async () => {
    const id = await ledger.submit();
    const { profile: _, init: __, ...older } = (await ledger.find(id)).spec;
    await ledger.redis.hset(
      keys.job(id),
      'v',
      OLDEST_RECORD_VERSION,
      'spec',
      JSON.stringify(older),
    );
    expect(await ledger.claim(id)).toMatchObject({ spec: { profile: 'default', init: false } });
  });

  test('of a record that is too old tells so, and can end it', async () => {
    const id = await ledger.submit();
    await ledger.redis.hset(keys.job(id), 'v', OLDEST_RECORD_VERSION - 1);
    const outcome = await ledger.worker('first').claim(id, 'token');
    expect(outcome.kind).toBe('incompatible');
    expect(await ledger.worker('first').claim(id, 'token')).toMatchObject({ kind: 'incompatible' });
    await ledger.worker('first').finish(claimOf(outcome), jobResult({ conclusion: 'UNKNOWN' }));
    expect((await ledger.find(id)).state).toBe('finished');
  });

  test('of a record of a newer version leaves it queued, as it is', async () => {
    const id = await ledger.submit();
    await ledger.redis.hset(keys.job(id), 'v', RECORD_VERSION + 1);
    const before = await ledger.redis.hgetall(keys.job(id));
    expect(await ledger.worker('first').claim(id, 'token')).toEqual({ kind: 'newer', id });
    expect(await ledger.redis.hgetall(keys.job(id))).toEqual(before);
    expect(await ledger.position(id)).toBe(0);
    expect((await ledger.find(id)).version).toBe(RECORD_VERSION + 1);
  });
});

describe('a release', () => {
  const BEFORE_START = ['claimed', 'created'] as const;

  test.each(BEFORE_START)('of a job that was %s puts it back at its old place', async (step) => {
    const claim = await ledger.claimAt(step);
    await ledger.redis.hincrby(keys.job(claim.id), 'createdAt', -1);
    const later = await ledger.submit();
    await ledger.worker('first').release(claim);
    const record = await ledger.find(claim.id);
    expect(record).toMatchObject({ state: 'queued', phase: null, retries: 0, retryAt: null });
    expect(record.attempts).toMatchObject([{ finishedAt: expect.any(Number), result: null }]);
    expect(await ledger.position(claim.id)).toBe(0);
    expect(await ledger.position(later)).toBe(1);
  });

  test('lets any worker claim it at once, as the next attempt', async () => {
    const claim = await ledger.claimAt('created');
    await ledger.worker('first').release(claim);
    expect(await ledger.claim(claim.id, 'second')).toMatchObject({ attempt: 2, retries: 0 });
  });

  test('brings back the time until which a worker must have taken it', async () => {
    const id = await ledger.submit({ queueTimeoutSeconds: 30 });
    const deadline = await ledger.redis.zscore(keys.queueDeadlines, id);
    await ledger.worker('first').release(await ledger.claim(id));
    expect(await ledger.redis.zscore(keys.queueDeadlines, id)).toBe(deadline);
  });

  test('leaves it in the care of the API until it is known to be on the queue', async () => {
    const claim = await ledger.claimAt('claimed');
    await ledger.worker('first').release(claim);
    expect(await ledger.dueAt(claim.id)).toBeGreaterThan(0);
    await ledger.claim(claim.id);
    expect(await ledger.dueAt(claim.id)).toBeNull();
  });

  test.each(['started', 'exited'] as const)('of a job that was %s is refused', async (step) => {
    const claim = await ledger.claimAt(step);
    await expect(ledger.worker('first').release(claim)).rejects.toThrow(FencedError);
    expect((await ledger.find(claim.id)).state).toBe('running');
    expect(await ledger.worker('first').renew(claim)).toBe('');
  });
});
