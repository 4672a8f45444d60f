import type { RedisKey } from 'ioredis';
import { describe, expect, test, vi } from 'vitest';
import { keys } from '../keys.ts';
import { jobResult, useLedger } from '../testing/use-ledger.ts';
import { Attempts } from './attempts.ts';

const ledger = useLedger();
const LONG_MS = 600_000;
const BEFORE_START = ['claimed', 'created'] as const;
const FROM_START_ON = ['started', 'exited'] as const;

/** As it is once the lease is over by the clock of Redis. */
const over = (id: string) => ({ id, leaseUntil: 1 });

describe('a lease', () => {
  test('ends when it is over, and was seen unchanged for ten seconds', async () => {
    const { id } = await ledger.claimAt('claimed');
    await ledger.endLease(id);
    expect(await ledger.leases.expire(over(id), 9_999.9)).toBe('held');
    expect(await ledger.leases.expire(over(id), 10_000)).toBe('queued');
  });

  test('that is short has to be seen for a third of it', async () => {
    const id = await ledger.submit();
    const attempts = new Attempts(ledger.redis, { worker: 'first', leaseMs: 3000 });
    await attempts.claim(id, 'token');
    await ledger.endLease(id);
    expect(await ledger.leases.expire(over(id), 999)).toBe('held');
    expect(await ledger.leases.expire(over(id), 1000)).toBe('queued');
  });

  test('that is held costs no look at the output, however much there is', async () => {
    const { id } = await ledger.claimAt('started');
    await ledger.endLease(id);
    await ledger.redis.config('RESETSTAT');
    expect(await ledger.leases.expire(over(id), 9_999)).toBe('held');
    expect(await ledger.redis.info('commandstats')).not.toContain('cmdstat_xrange');
    // The control: the output is counted for one that ends.
    expect(await ledger.leases.expire(over(id), 10_000)).toBe('finished');
    expect(await ledger.redis.info('commandstats')).toContain('cmdstat_xrange');
  });

  test('that was renewed since is held', async () => {
    const claim = await ledger.claimAt('started');
    await ledger.endLease(claim.id);
    await ledger.worker('first').renew(claim);
    expect(await ledger.leases.expire(over(claim.id), LONG_MS)).toBe('held');
    expect(await ledger.worker('first').renew(claim)).toBe('');
  });

  test('that changes while its end is decided is held', async () => {
    const claim = await ledger.claimAt('started');
    await ledger.endLease(claim.id);
    const read = ledger.redis.hgetall.bind(ledger.redis);
    vi.spyOn(ledger.redis, 'hgetall').mockImplementationOnce(async (key: RedisKey) => {
      // As after a renewal, when the clock of Redis jumped far ahead: over, but nobody has seen that.
      await ledger.redis.hset(key, 'leaseUntil', 2);
      return read(key);
    });
    expect(await ledger.leases.expire(over(claim.id), LONG_MS)).toBe('held');
    vi.restoreAllMocks();
    expect(await ledger.worker('first').renew(claim)).toBe('');
  });

  test('that is not over by the clock of Redis is held, however long it was seen', async () => {
    const { id } = await ledger.claimAt('started');
    const [lease] = await ledger.leases.ending(LONG_MS);
    expect(lease?.id).toBe(id);
    if (lease === undefined) throw new Error('no lease');
    expect(await ledger.leases.expire(lease, LONG_MS)).toBe('held');
    expect((await ledger.find(id)).state).toBe('running');
  });

  test('of another attempt is held', async () => {
    const first = await ledger.claimAt('claimed');
    const [seen] = await ledger.leases.ending(LONG_MS);
    await ledger.worker('first').release(first);
    await ledger.claim(first.id);
    await ledger.endLease(first.id);
    if (seen === undefined) throw new Error('no lease');
    expect(await ledger.leases.expire(seen, LONG_MS)).toBe('held');
    expect((await ledger.find(first.id)).state).toBe('running');
  });

  test('of a job that is queued, over or unknown leaves everything as it is', async () => {
    const queued = await ledger.submit();
    const released = await ledger.claimAt('claimed');
    await ledger.worker('first').release(released);
    const finished = await ledger.submitFinished();
    for (const id of [queued, released.id, finished, 'nobody']) {
      const before = await ledger.redis.hgetall(keys.job(id));
      expect(await ledger.leases.expire(over(id), LONG_MS)).toBe('over');
      expect(await ledger.redis.hgetall(keys.job(id))).toEqual(before);
    }
  });

  test('that is left over of a job is not listed again', async () => {
    const released = await ledger.claimAt('claimed');
    await ledger.worker('first').release(released);
    await ledger.redis.zadd(keys.leases, 1, released.id);
    expect(await ledger.leases.expire(over(released.id), LONG_MS)).toBe('over');
    expect(await ledger.leases.ending(LONG_MS)).toEqual([]);
  });

  test('ends once when several see its end', async () => {
    const { id } = await ledger.claimAt('started');
    await ledger.endLease(id);
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => ledger.leases.expire(over(id), LONG_MS)),
    );
    expect(outcomes.sort()).toEqual(['finished', 'over', 'over', 'over', 'over']);
    const states = await ledger.announced(id);
    expect(states.filter((state) => state === 'finished')).toHaveLength(1);
  });

  test('is listed with what ends soon, first what ends first', async () => {
    const [late, soon, ended] = [
      await ledger.claimAt('claimed'),
      await ledger.claimAt('claimed'),
      await ledger.claimAt('claimed'),
    ];
    await ledger.redis.zadd(keys.leases, 2, soon.id, 1, ended.id);
    const listed = async (horizonMs: number, limit?: number) =>
      (await ledger.leases.ending(horizonMs, limit)).map(({ id }) => id);
    expect(await listed(0)).toEqual([ended.id, soon.id]);
    expect(await listed(0, 1)).toEqual([ended.id]);
    expect(await listed(LONG_MS)).toEqual([ended.id, soon.id, late.id]);
    expect(await ledger.leases.ending(0, 1)).toEqual([over(ended.id)]);
  });
});

describe('the job of a worker that is lost', () => {
  test.each(BEFORE_START)('goes back to its place in the queue (it was %s)', async (step) => {
    const { id } = await ledger.claimAt(step);
    await ledger.redis.hincrby(keys.job(id), 'createdAt', -1);
    const later = await ledger.submit();
    expect(await ledger.loseWorker(id)).toBe('queued');
    const record = await ledger.find(id);
    expect(record).toMatchObject({ state: 'queued', phase: null, retries: 0, result: null });
    expect(record.attempts).toMatchObject([{ worker: 'first', result: null }]);
    expect([await ledger.position(id), await ledger.position(later)]).toEqual([0, 1]);
    expect(await ledger.submissions.due()).toEqual([id]);
    expect(await ledger.claim(id, 'second')).toMatchObject({ attempt: 2, retries: 0 });
  });

  test.each(FROM_START_ON)('ends with the output that there is (it was %s)', async (step) => {
    const claim = await ledger.claimAt(step);
    const chunk = [{ stream: 'stderr', data: Buffer.from('half') }] as const;
    await ledger.worker('first').appendOutput(claim, chunk);
    expect(await ledger.loseWorker(claim.id)).toBe('finished');
    const record = await ledger.find(claim.id);
    expect(record.result).toMatchObject({
      conclusion: 'UNKNOWN',
      exitCode: -1,
      outputBytes: 4,
      error: { code: 'worker.lost', message: expect.stringContaining('first') },
    });
    expect(record.attempts).toMatchObject([{ result: record.result }]);
    expect(await ledger.output(claim.id)).toBe('stderr:half ');
    expect(await ledger.worker('second').claim(claim.id, 'late')).toEqual({ kind: 'over' });
  });

  test('ends at the third loss before its start, since it may be what kills its workers', async () => {
    const id = await ledger.submit();
    for (const outcome of ['queued', 'queued', 'finished']) {
      await ledger.claim(id);
      expect(await ledger.loseWorker(id)).toBe(outcome);
    }
    const { result, attempts } = await ledger.find(id);
    expect(result).toMatchObject({ conclusion: 'UNKNOWN', error: { code: 'worker.lost' } });
    expect(attempts.map((attempt) => attempt.result)).toEqual([null, null, result]);
  });

  test('is not counted among the lost when workers give it back', async () => {
    const id = await ledger.submit();
    for (let n = 0; n < 5; n += 1) await ledger.worker('first').release(await ledger.claim(id));
    await ledger.claim(id);
    expect(await ledger.loseWorker(id)).toBe('queued');
    expect((await ledger.find(id)).attempts).toHaveLength(6);
  });

  test('runs again when it asks for that, as often as it asks', async () => {
    const retry = { maxAttempts: 3, on: ['worker.lost'], backoffSeconds: 0 };
    const id = await ledger.submit({ retry });
    for (const outcome of ['queued', 'queued', 'finished']) {
      const claim = await ledger.claim(id);
      await ledger.worker('first').advance(claim, 'started', 'running');
      expect(await ledger.loseWorker(id)).toBe(outcome);
    }
    const { attempts, retries } = await ledger.find(id);
    expect(attempts.map(({ result }) => result?.error?.code)).toEqual(Array(3).fill('worker.lost'));
    expect(retries).toBe(2);
  });

  test('waits for its next attempt as long as it asks', async () => {
    const retry = { maxAttempts: 2, on: ['worker.lost'], backoffSeconds: 3600 };
    const { id } = await ledger.claimAt('started', { retry });
    expect(await ledger.loseWorker(id)).toBe('queued');
    expect(await ledger.worker('second').claim(id, 'x')).toMatchObject({ kind: 'early' });
  });

  test('does not run again when it asked for that in other cases, or was cancelled', async () => {
    const retry = { maxAttempts: 3, on: ['exit:1'], backoffSeconds: 0 };
    expect(await ledger.loseWorker((await ledger.claimAt('started', { retry })).id)).toBe(
      'finished',
    );
    const cancelled = await ledger.claimAt('started', {
      retry: { ...retry, on: ['worker.lost'] },
    });
    await ledger.submissions.cancel(cancelled.id, 'enough');
    expect(await ledger.loseWorker(cancelled.id)).toBe('finished');
    // Whether it was stopped nobody knows.
    expect((await ledger.find(cancelled.id)).result?.error?.code).toBe('worker.lost');
  });

  test('that had ended already keeps its end', async () => {
    const claim = await ledger.claimAt('started');
    await ledger.worker('first').finish(claim, jobResult());
    const before = await ledger.find(claim.id);
    expect(await ledger.leases.expire(over(claim.id), LONG_MS)).toBe('over');
    expect(await ledger.find(claim.id)).toEqual(before);
  });
});
