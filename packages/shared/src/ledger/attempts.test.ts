import { describe, expect, test } from 'vitest';
import { keys } from '../keys.ts';
import { jobResult, useLedger } from '../testing/use-ledger.ts';

const ledger = useLedger();

describe('an attempt', () => {
  test('records how far it is, with what it learned', async () => {
    const claim = await ledger.claimAt('claimed');
    const facts = { containerId: 'c9', imageDigest: 'sha256:abc' };
    expect(await ledger.worker('first').advance(claim, 'created', 'creating', facts)).toBe('');
    expect(await ledger.find(claim.id)).toMatchObject({
      phase: 'creating',
      imageDigest: 'sha256:abc',
    });
    expect(await ledger.redis.hmget(keys.job(claim.id), 'step', 'containerId')).toEqual([
      'created',
      'c9',
    ]);
  });

  test('tells how far its pull is, until that is over', async () => {
    const claim = await ledger.claimAt('claimed');
    const progress = { layers: 2, layersDone: 1, bytes: 5, totalBytes: 9 };
    await ledger.worker('first').advance(claim, 'claimed', 'pulling', { progress });
    expect(await ledger.find(claim.id)).toMatchObject({ phase: 'pulling', progress });
    await ledger.worker('first').advance(claim, 'created', 'creating');
    expect(await ledger.find(claim.id)).toMatchObject({ phase: 'creating', progress: null });
  });

  test('tells how long its parts took that are over, and forgets that for its result', async () => {
    const claim = await ledger.claimAt('claimed');
    const known = async () => (await ledger.find(claim.id)).attempts[0]?.timings;
    const { queueMs } = claim;
    expect(await known()).toEqual({ queueMs, pullMs: null, createMs: null, runMs: null });
    const timings = { queueMs, pullMs: 7, createMs: null, runMs: null };
    await ledger.worker('first').advance(claim, 'started', 'running', { timings });
    expect(await known()).toEqual(timings);
    const result = jobResult({ timings: { ...timings, createMs: 8, runMs: 9 } });
    await ledger.worker('first').finish(claim, result);
    expect(await known()).toEqual(result.timings);
    expect(await ledger.redis.hexists(keys.job(claim.id), 'attempt:1:timings')).toBe(0);
  });

  test('announces what it learns within a phase', async () => {
    const claim = await ledger.claimAt('started');
    const before = (await ledger.announced(claim.id)).length;
    const timings = { queueMs: 1, pullMs: 2, createMs: 3, runMs: null };
    await ledger.worker('first').advance(claim, 'started', 'running', { timings });
    expect(await ledger.announced(claim.id)).toHaveLength(before + 1);
  });

  test('keeps its job by renewing', async () => {
    const claim = await ledger.claimAt('claimed');
    await ledger.endLease(claim.id);
    expect(await ledger.worker('first').renew(claim)).toBe('');
    const outcome = await ledger.worker('second').claim(claim.id, 'x');
    expect(outcome.kind === 'leased' && outcome.retryAfterMs).toBeGreaterThan(0);
  });

  test('appends output of both streams in order, byte by byte', async () => {
    const claim = await ledger.claimAt('started');
    const attempts = ledger.worker('first');
    await attempts.appendOutput(claim, [
      { stream: 'stdout', data: Buffer.from('a') },
      { stream: 'stderr', data: Buffer.from('b') },
    ]);
    await attempts.appendOutput(claim, [{ stream: 'stdout', data: Buffer.from([0, 0xff]) }]);
    expect(await ledger.output(claim.id)).toBe(`stdout:a stderr:b stdout:\0\ufffd `);
  });

  test('reads the standard input byte by byte, and null where there is none', async () => {
    const input = Buffer.from([0, 0xff, 10]);
    const claim = await ledger.claim(await ledger.submit({}, input));
    expect(await ledger.worker('first').input(claim)).toEqual(input);
    const without = await ledger.claimAt('claimed');
    expect(await ledger.worker('first').input(without)).toBeNull();
  });

  test('tells empty standard input from none', async () => {
    const claim = await ledger.claim(await ledger.submit({}, Buffer.alloc(0)));
    expect(await ledger.worker('first').input(claim)).toEqual(Buffer.alloc(0));
  });
});

describe('the end', () => {
  test('is recorded with the attempt, and for the time of retention', async () => {
    const input = Buffer.from('x');
    const id = await ledger.submit({ retentionSeconds: 100 }, input);
    const claim = await ledger.claim(id);
    const attempts = ledger.worker('first');
    await attempts.appendOutput(claim, [{ stream: 'stdout', data: Buffer.from('a') }]);
    expect(await ledger.redis.pttl(keys.output(id, 1))).toBe(-1);
    const result = jobResult({ conclusion: 'FAILURE', exitCode: 3 });
    await attempts.finish(claim, result);
    const record = await ledger.find(id);
    expect(record).toMatchObject({ state: 'finished', phase: null, result });
    expect(record.attempts).toMatchObject([{ result, finishedAt: record.finishedAt }]);
    for (const key of [keys.job(id), keys.output(id, 1)]) {
      const ttl = await ledger.redis.pttl(key);
      expect(ttl).toBeGreaterThan(0);
      expect(ttl).toBeLessThanOrEqual(100_000);
    }
    expect(await ledger.redis.exists(keys.input(id))).toBe(0);
  });

  test('gives the output of every attempt its time to live', async () => {
    const first = await ledger.claimAt('claimed');
    const chunk = [{ stream: 'stdout', data: Buffer.from('a') }] as const;
    await ledger.worker('first').appendOutput(first, chunk);
    await ledger.loseWorker(first.id);
    const second = await ledger.claim(first.id, 'second');
    await ledger.worker('second').appendOutput(second, chunk);
    await ledger.worker('second').finish(second, jobResult());
    for (const attempt of [1, 2]) {
      expect(await ledger.redis.pttl(keys.output(first.id, attempt))).toBeGreaterThan(0);
    }
  });

  test('is written once when two ends race', async () => {
    const claim = await ledger.claimAt('started');
    const ends = await Promise.allSettled(
      Array.from({ length: 10 }, (_, exitCode) =>
        ledger.worker('first').finish(claim, jobResult({ exitCode })),
      ),
    );
    const won = ends.flatMap(({ status }, exitCode) => (status === 'fulfilled' ? [exitCode] : []));
    expect(won).toHaveLength(1);
    expect((await ledger.find(claim.id)).result?.exitCode).toBe(won[0]);
    const states = await ledger.announced(claim.id);
    expect(states.filter((state) => state === 'finished')).toHaveLength(1);
  });
});
