import { describe, expect, test } from 'vitest';
import { jobError } from '../job-error.ts';
import { keys } from '../keys.ts';
import { jobResult, useLedger } from '../testing/use-ledger.ts';

const ledger = useLedger();

describe('to cancel', () => {
  test('ends a queued job at once', async () => {
    const id = await ledger.submit({ queueTimeoutSeconds: 5 }, Buffer.from('input'));
    expect(await ledger.submissions.cancel(id, 'requested')).toBe('cancelled');
    expect(await ledger.find(id)).toMatchObject({
      state: 'finished',
      attempts: [],
      startedAt: null,
      cancelReason: 'requested',
      result: { conclusion: 'CANCELLED', exitCode: -1, error: { code: 'run.cancelled' } },
    });
    expect(await ledger.tracesOfWaiting(id)).toEqual([]);
    expect(await ledger.redis.exists(keys.input(id))).toBe(0);
    expect(await ledger.redis.pttl(keys.job(id))).toBeGreaterThan(0);
  });

  test('tells the worker of a running job on the channel, and at its next write', async () => {
    const claim = await ledger.claimAt('created');
    const listener = ledger.redis.duplicate();
    const { promise: message, resolve } = Promise.withResolvers<string>();
    listener.on('message', (_channel, text) => resolve(text));
    await listener.subscribe(keys.cancels);
    expect(await ledger.submissions.cancel(claim.id, 'requested')).toBe('requested');
    expect(await message).toBe(claim.id);
    listener.disconnect();
    const attempts = ledger.worker('first');
    expect(await attempts.renew(claim)).toBe('requested');
    expect(await attempts.advance(claim, 'started', 'running')).toBe('requested');
    expect(await ledger.find(claim.id)).toMatchObject({
      state: 'running',
      cancelReason: 'requested',
    });
  });

  test('keeps the first reason', async () => {
    const { id } = await ledger.claimAt('started');
    await ledger.submissions.cancel(id, 'first');
    expect(await ledger.submissions.cancel(id, 'second')).toBe('requested');
    expect((await ledger.find(id)).cancelReason).toBe('first');
  });

  test('ends a job that its worker gives back, or that loses its worker before the start', async () => {
    const released = await ledger.claimAt('claimed');
    const lost = await ledger.claimAt('created');
    for (const { id } of [released, lost]) await ledger.submissions.cancel(id, 'requested');
    await ledger.worker('first').release(released);
    expect(await ledger.loseWorker(lost.id)).toBe('finished');
    for (const { id } of [released, lost]) {
      const result = { conclusion: 'CANCELLED', error: { code: 'run.cancelled' } };
      expect(await ledger.find(id)).toMatchObject({
        state: 'finished',
        result,
        attempts: [{ result }],
      });
      expect(await ledger.tracesOfWaiting(id)).toEqual([]);
    }
  });

  test('changes nothing of a finished or unknown job', async () => {
    const id = await ledger.submitFinished();
    const before = await ledger.redis.hgetall(keys.job(id));
    expect(await ledger.submissions.cancel(id, 'late')).toBe('finished');
    expect(await ledger.redis.hgetall(keys.job(id))).toEqual(before);
    expect(await ledger.submissions.cancel('nobody', 'late')).toBe('missing');
    expect(await ledger.redis.exists(keys.job('nobody'))).toBe(0);
  });
});

describe('to end a queued job', () => {
  const timeOut = (id: string) => ledger.submissions.finishQueued(id, jobError('queue.timed_out'));

  test('is done once', async () => {
    const id = await ledger.submit();
    expect(await Promise.all([timeOut(id), timeOut(id)])).toEqual([true, false]);
    expect(await ledger.find(id)).toMatchObject({
      state: 'finished',
      result: { conclusion: 'TIMED_OUT', error: { code: 'queue.timed_out' } },
    });
  });

  test('is refused when a worker has it, when it has finished, when nobody knows it', async () => {
    expect(await timeOut((await ledger.claimAt('claimed')).id)).toBe(false);
    expect(await timeOut(await ledger.submitFinished())).toBe(false);
    expect(await timeOut('nobody')).toBe(false);
    expect(await ledger.redis.exists(keys.job('nobody'))).toBe(0);
  });

  test('or to claim it: one of both succeeds', async () => {
    for (let n = 0; n < 30; n += 1) {
      const id = await ledger.submit();
      const other = ledger.redis.duplicate();
      const claims = ledger.worker('first', n % 2 ? other : ledger.redis);
      const [ended, { kind }] = await Promise.all([timeOut(id), claims.claim(id, 'token')]);
      expect(kind).toBe(ended ? 'over' : 'claimed');
      other.disconnect();
    }
  });
});

describe('to remove', () => {
  test('forgets a finished job with the output of all its attempts', async () => {
    const first = await ledger.claimAt('claimed');
    const chunk = [{ stream: 'stdout', data: Buffer.from('a') }] as const;
    await ledger.worker('first').appendOutput(first, chunk);
    await ledger.loseWorker(first.id);
    const second = await ledger.claim(first.id, 'second');
    await ledger.worker('second').appendOutput(second, chunk);
    await ledger.worker('second').finish(second, jobResult());
    expect(await ledger.submissions.remove(first.id)).toBe('removed');
    expect(await ledger.submissions.find(first.id)).toBeNull();
    // The list of the last second ends by itself.
    const left = (await ledger.redis.keys('*')).filter((key) => key !== keys.accepted);
    expect(left.sort()).toEqual([keys.events, keys.lastTurn, keys.totals]);
    expect(await ledger.submissions.remove(first.id)).toBe('missing');
  });

  test('is refused before the end', async () => {
    const queued = await ledger.submit();
    const { id: running } = await ledger.claimAt('started');
    for (const id of [queued, running]) {
      expect(await ledger.submissions.remove(id)).toBe('unfinished');
      expect(await ledger.submissions.find(id)).not.toBeNull();
    }
  });
});
