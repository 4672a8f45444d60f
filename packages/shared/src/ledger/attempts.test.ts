import { describe, expect, test } from 'vitest';
import { ATTEMPT_STEPS } from '../job-state.ts';
import { keys } from '../keys.ts';
import { readOutput } from '../output-reader.ts';
import { claimOf, jobResult, useLedger } from '../testing/use-ledger.ts';
import { type Attempts, type Claim, FencedError } from './attempts.ts';

const ledger = useLedger();
const BEFORE_START = ['claimed', 'created'] as const;
const FROM_START_ON = ['started', 'exited'] as const;

async function outputOf(id: string, attempt = 1): Promise<string> {
  let text = '';
  for await (const { stream, data } of readOutput(ledger.redis, id, attempt)) {
    text += `${stream}:${data} `;
  }
  return text;
}

describe('a claim', () => {
  test('takes a queued job: it runs, waits no more, and the attempt is on record', async () => {
    const id = await ledger.submit({ args: ['a'], queueTimeoutSeconds: 5 });
    const outcome = await ledger.worker('first').claim(id, 'secret');
    expect(outcome).toMatchObject({
      kind: 'claimed',
      claim: {
        id,
        token: 'secret',
        attempt: 1,
        cancelReason: '',
        previous: { worker: '', containerId: '' },
      },
    });
    const { spec, queueMs } = claimOf(outcome);
    expect(spec.args).toEqual(['a']);
    expect(queueMs).toBeGreaterThanOrEqual(0);
    const record = await ledger.find(id);
    expect(record).toMatchObject({ state: 'running', phase: 'pulling', finishedAt: null });
    expect(record.startedAt).toBeGreaterThanOrEqual(record.createdAt);
    expect(record.attempts).toMatchObject([
      { number: 1, worker: 'first', finishedAt: null, conclusion: null },
    ]);
    for (const key of [keys.waiting, keys.adding, keys.queueDeadlines]) {
      expect(await ledger.redis.zscore(key, id)).toBeNull();
    }
  });

  test('by many at once goes to one; the others are told when to look again', async () => {
    const id = await ledger.submit();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) => ledger.worker(`w${n}`).claim(id, ledger.newToken())),
    );
    const leased = outcomes.filter(({ kind }) => kind === 'leased');
    expect(leased).toHaveLength(19);
    for (const outcome of leased) {
      expect(outcome).toHaveProperty('retryAfterMs', expect.any(Number));
      expect(outcome.kind === 'leased' && outcome.retryAfterMs).toBeGreaterThan(0);
    }
    expect((await ledger.find(id)).attempts).toHaveLength(1);
  });

  test.each(BEFORE_START)(
    'of a job that was %s makes the next attempt once the lease is over',
    async (step) => {
      const { id } = await ledger.claimAt(step);
      await ledger.endLease(id);
      const { kind, claim } = await ledger
        .worker('second')
        .claim(id, 'next')
        .then((outcome) => ({ kind: outcome.kind, claim: claimOf(outcome) }));
      expect(kind).toBe('claimed');
      expect(claim.attempt).toBe(2);
      const containerId = step === 'created' ? 'c1' : '';
      expect(claim.previous).toEqual({ worker: 'first', containerId });
      expect(await ledger.find(id)).toMatchObject({
        state: 'running',
        phase: 'pulling',
        attempts: [{ worker: 'first', conclusion: null }, { worker: 'second' }],
      });
    },
  );

  test('keeps the time of the first start over all attempts', async () => {
    const { id } = await ledger.claimAt('claimed');
    await ledger.redis.hset(keys.job(id), 'startedAt', 12345);
    await ledger.endLease(id);
    await ledger.claim(id, 'second');
    expect((await ledger.find(id)).startedAt).toBe(12345);
  });

  test.each(FROM_START_ON)('of a job that was %s tells that it is lost', async (step) => {
    const { id } = await ledger.claimAt(step);
    await ledger.endLease(id);
    const outcome = await ledger.worker('second').claim(id, 'next');
    expect(outcome).toMatchObject({
      kind: 'lost',
      claim: { attempt: 1, previous: { worker: 'first', containerId: 'c1' } },
    });
    expect((await ledger.find(id)).attempts).toMatchObject([{ worker: 'first' }]);
    await ledger.worker('second').finish(claimOf(outcome), jobResult({ conclusion: 'UNKNOWN' }));
    expect((await ledger.find(id)).attempts).toMatchObject([{ conclusion: 'UNKNOWN' }]);
  });

  test('of a lost job is leased too, and passes on when its finder is lost as well', async () => {
    const { id } = await ledger.claimAt('started');
    await ledger.endLease(id);
    const second = await ledger.claim(id, 'second');
    expect(await ledger.worker('third').claim(id, 'x')).toMatchObject({ kind: 'leased' });
    await ledger.endLease(id);
    expect(await ledger.worker('third').claim(id, 'y')).toMatchObject({ kind: 'lost' });
    await expect(ledger.worker('second').finish(second, jobResult())).rejects.toThrow(FencedError);
  });

  test('of a finished or unknown job finds nothing to do', async () => {
    const id = await ledger.submitFinished();
    expect(await ledger.worker('second').claim(id, 'late')).toEqual({ kind: 'over' });
    expect(await ledger.worker('second').claim('nobody', 'late')).toEqual({
      kind: 'missing',
    });
    expect(await ledger.redis.exists(keys.job('nobody'))).toBe(0);
  });

  test('of a record of another version tells so, and can end it', async () => {
    const id = await ledger.submit();
    await ledger.redis.hset(keys.job(id), 'v', 99);
    const outcome = await ledger.worker('first').claim(id, 'token');
    expect(outcome.kind).toBe('incompatible');
    await ledger.worker('first').finish(claimOf(outcome), jobResult({ conclusion: 'UNKNOWN' }));
    expect((await ledger.find(id)).state).toBe('finished');
  });
});

const NO_CHUNK = [{ stream: 'stdout', data: Buffer.from('late') }] as const;
const WRITES: [string, (attempts: Attempts, claim: Claim) => Promise<unknown>][] = [
  ['advance', (attempts, claim) => attempts.advance(claim, 'started', 'running')],
  ['renew', (attempts, claim) => attempts.renew(claim)],
  ['append output', (attempts, claim) => attempts.appendOutput(claim, NO_CHUNK)],
  ['release', (attempts, claim) => attempts.release(claim)],
  ['finish', (attempts, claim) => attempts.finish(claim, jobResult())],
];

describe.each(WRITES)('to %s', (_name, write) => {
  const expectFenced = async (claim: Claim): Promise<void> => {
    const before = await ledger.redis.hgetall(keys.job(claim.id));
    await expect(write(ledger.worker('first'), claim)).rejects.toThrow(FencedError);
    expect(await ledger.redis.hgetall(keys.job(claim.id))).toEqual(before);
    expect(await outputOf(claim.id)).toBe('');
  };

  test.each(ATTEMPT_STEPS)('is refused after another claim (it was %s)', async (step) => {
    const claim = await ledger.claimAt(step);
    await ledger.endLease(claim.id);
    await ledger.claim(claim.id, 'second');
    await expectFenced(claim);
  });

  test('is refused after it was given back', async () => {
    const claim = await ledger.claimAt('created');
    await ledger.worker('first').release(claim);
    await expectFenced(claim);
  });

  test('is refused after the end', async () => {
    const claim = await ledger.claimAt('started');
    await ledger.worker('first').finish(claim, jobResult({ conclusion: 'FAILURE' }));
    await expectFenced(claim);
  });

  test('is refused for a job that is forgotten, and brings nothing back', async () => {
    const claim = await ledger.claimAt('claimed');
    await ledger.redis.flushall();
    await expectFenced(claim);
    expect(await ledger.redis.dbsize()).toBe(0);
  });

  test('works after the lease has run out while nobody else has claimed it', async () => {
    const claim = await ledger.claimAt('claimed');
    await ledger.endLease(claim.id);
    await write(ledger.worker('first'), claim);
  });
});

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

  test('keeps its job by renewing', async () => {
    const claim = await ledger.claimAt('claimed');
    await ledger.endLease(claim.id);
    expect(await ledger.worker('first').renew(claim)).toBe('');
    expect(await ledger.worker('second').claim(claim.id, 'x')).toMatchObject({ kind: 'leased' });
  });

  test('appends output of both streams in order, byte by byte', async () => {
    const claim = await ledger.claimAt('started');
    const attempts = ledger.worker('first');
    await attempts.appendOutput(claim, [
      { stream: 'stdout', data: Buffer.from('a') },
      { stream: 'stderr', data: Buffer.from('b') },
    ]);
    await attempts.appendOutput(claim, [{ stream: 'stdout', data: Buffer.from([0, 0xff]) }]);
    expect(await outputOf(claim.id)).toBe(`stdout:a stderr:b stdout:\0\ufffd `);
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

describe('a release', () => {
  test.each(BEFORE_START)('of a job that was %s puts it back at its old place', async (step) => {
    const claim = await ledger.claimAt(step);
    const later = await ledger.submit();
    await ledger.redis.zadd(keys.waiting, Date.now() + 60_000, later);
    await ledger.worker('first').release(claim);
    expect(await ledger.find(claim.id)).toMatchObject({ state: 'queued', phase: null });
    expect(await ledger.submissions.position(claim.id)).toBe(0);
    expect(await ledger.submissions.position(later)).toBe(1);
  });

  test('lets any worker claim it at once, as the next attempt', async () => {
    const claim = await ledger.claimAt('created');
    await ledger.worker('first').release(claim);
    const next = await ledger.claim(claim.id, 'second');
    expect(next).toMatchObject({ attempt: 2, previous: { worker: 'first', containerId: 'c1' } });
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
    expect(await ledger.submissions.stranded(-60_000)).toEqual([claim.id]);
    await ledger.claim(claim.id);
    expect(await ledger.submissions.stranded(-60_000)).toEqual([]);
  });

  test.each(FROM_START_ON)('of a job that was %s is refused', async (step) => {
    const claim = await ledger.claimAt(step);
    await expect(ledger.worker('first').release(claim)).rejects.toThrow(FencedError);
    expect((await ledger.find(claim.id)).state).toBe('running');
    expect(await ledger.worker('first').renew(claim)).toBe('');
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
    expect(record.attempts).toMatchObject([
      { conclusion: 'FAILURE', finishedAt: record.finishedAt },
    ]);
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
    await ledger.endLease(first.id);
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
