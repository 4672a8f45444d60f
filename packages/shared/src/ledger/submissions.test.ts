import { until } from '@conjob/testkit';
import { describe, expect, test } from 'vitest';
import { recordVersionOf } from '../job-record.ts';
import { keys } from '../keys.ts';
import { jobResult, jobSpec, useLedger } from '../testing/use-ledger.ts';

const ledger = useLedger();

describe('an accepted job', () => {
  test('is queued, waits, and is to be put on the queue', async () => {
    const spec = jobSpec({ args: ['é', ''], labels: { a: 'b' } });
    expect(await ledger.submissions.accept({ id: 'a', spec })).toEqual({
      outcome: 'accepted',
      id: 'a',
      rate: null,
    });
    const record = await ledger.find('a');
    expect(record).toEqual({
      id: 'a',
      spec,
      group: 'default',
      state: 'queued',
      phase: null,
      createdAt: expect.any(Number),
      startedAt: null,
      finishedAt: null,
      attempts: [],
      progress: null,
      imageDigest: null,
      secretVersion: null,
      sandbox: null,
      cancelReason: null,
      retryAt: null,
      retries: 0,
      version: recordVersionOf(record.spec),
      result: null,
    });
    expect(await ledger.dueAt('a')).toBeGreaterThan(record.createdAt);
    expect(await ledger.submissions.overdue()).toEqual([]);
    await ledger.submissions.queued('a');
    expect(await ledger.dueAt('a')).toBeNull();
    expect(await ledger.position('a')).toBe(0);
  });

  test('stays as it is when it is accepted once more', async () => {
    const claim = await ledger.claimAt('started');
    const before = await ledger.redis.hgetall(keys.job(claim.id));
    const input = Buffer.from('again');
    const again = { id: claim.id, spec: jobSpec({ args: ['other'] }), input };
    expect((await ledger.submissions.accept(again)).outcome).toBe('accepted');
    expect(await ledger.redis.hgetall(keys.job(claim.id))).toEqual(before);
    expect(await ledger.redis.exists(keys.input(claim.id))).toBe(0);
    expect(await ledger.position(claim.id)).toBeNull();
  });

  test('is due only after a while, oldest first, when nobody has put it on its queue', async () => {
    const ids = [await ledger.submit(), await ledger.submit(), await ledger.submit()];
    expect(await ledger.submissions.due()).toEqual([]);
    for (const [index, id] of ids.entries()) await ledger.redis.zadd(keys.adding, 3 - index, id);
    expect(await ledger.submissions.due()).toEqual([ids[2], ids[1], ids[0]]);
    expect(await ledger.submissions.due(1)).toEqual([ids[2]]);
  });

  test('is overdue when its time in the queue is over, oldest deadline first', async () => {
    const ids: string[] = [];
    for (const deadline of [3, 1, 2]) {
      const id = await ledger.submit({ queueTimeoutSeconds: 3600 });
      ids.push(id);
      await ledger.redis.zadd(keys.queueDeadlines, deadline, id);
    }
    await ledger.submit({ queueTimeoutSeconds: 3600 });
    expect(await ledger.submissions.overdue()).toEqual([ids[1], ids[2], ids[0]]);
    expect(await ledger.submissions.overdue(1)).toEqual([ids[1]]);
  });
});

describe('an idempotency key', () => {
  const accept = (id: string, fingerprint = 'same') =>
    ledger.submissions.accept({
      id,
      spec: jobSpec(),
      idempotency: { keyHash: 'key', fingerprint },
    });

  test('used again for the same request names the first job, and makes none', async () => {
    expect(await accept('a')).toEqual({ outcome: 'accepted', id: 'a', rate: null });
    expect(await accept('b')).toEqual({ outcome: 'replayed', id: 'a', rate: null });
    expect(await ledger.submissions.find('b')).toBeNull();
    expect(await ledger.submissions.list(10)).toEqual(['a']);
  });

  test('used again for another request is a conflict', async () => {
    await accept('a');
    expect(await accept('b', 'other')).toEqual({ outcome: 'conflict', id: 'a', rate: null });
    expect(await ledger.submissions.find('b')).toBeNull();
  });

  test('used by 50 at once makes one job', async () => {
    const accepted = await Promise.all(Array.from({ length: 50 }, (_, n) => accept(`job-${n}`)));
    expect(accepted.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
    expect(new Set(accepted.map(({ id }) => id)).size).toBe(1);
    expect(await ledger.submissions.list(100)).toHaveLength(1);
  });

  test('is kept for a day', async () => {
    await accept('a');
    const ttl = await ledger.redis.ttl(keys.idempotency('key'));
    expect(ttl).toBeGreaterThan(86_000);
    expect(ttl).toBeLessThanOrEqual(86_400);
  });
});

describe('the list', () => {
  test('is newest first, and goes on where it was whatever comes in between', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 7; n += 1) ids.unshift(await ledger.submit());
    const first = await ledger.submissions.list(3);
    expect(first).toEqual(ids.slice(0, 3));
    await ledger.submit();
    const second = await ledger.submissions.list(3, first.at(-1));
    expect(second).toEqual(ids.slice(3, 6));
    expect(await ledger.submissions.list(3, second.at(-1))).toEqual(ids.slice(6));
    expect(await ledger.submissions.list(3, ids.at(-1))).toEqual([]);
  });

  test('goes on behind a job that was removed', async () => {
    const ids = [await ledger.submitFinished(), await ledger.submitFinished()];
    await ledger.submissions.remove(ids[1] ?? '');
    expect(await ledger.submissions.list(3, ids[1])).toEqual([ids[0]]);
  });

  test('tells which of many have ended, unknown ones among them, and gives the records of those that are known', async () => {
    const queued = await ledger.submit();
    const finished = await ledger.submitFinished();
    const ids = [finished, 'nobody', queued];
    expect(await ledger.submissions.endedOf(ids)).toEqual([finished, 'nobody']);
    expect(await Promise.all(ids.map((id) => ledger.submissions.isUnfinished(id)))).toEqual([
      false,
      false,
      true,
    ]);
    const records = await ledger.submissions.findAll(ids);
    expect(records).toEqual([await ledger.find(finished), await ledger.find(queued)]);
    expect(await ledger.submissions.endedOf([])).toEqual([]);
    expect(await ledger.submissions.findAll([])).toEqual([]);
  });
});

describe('a look at thousands of jobs', () => {
  test('finds each that has ended, and asks Redis a few times only', async () => {
    const [first, last] = [await ledger.submitFinished(), await ledger.submitFinished()];
    const waiting = await ledger.submit();
    const ids = [first, ...Array.from({ length: 1_998 }, () => waiting), last];
    const scripts = async (): Promise<number> =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await ledger.redis.info('commandstats'))?.[1]);
    await ledger.submissions.endedOf([first]);
    const before = await scripts();
    expect(await ledger.submissions.endedOf(ids)).toEqual([first, last]);
    expect((await scripts()) - before).toBe(4);
  });
});

describe('the stream of events', () => {
  test('gets one entry per transition, with the id and the state', async () => {
    const claim = await ledger.claimAt('claimed');
    const attempts = ledger.worker('first');
    await attempts.renew(claim);
    await attempts.release(claim);
    const again = await ledger.claim(claim.id);
    await attempts.advance(again, 'created', 'creating');
    await attempts.advance(again, 'started', 'running');
    await attempts.advance(again, 'started', 'running');
    await attempts.advance(again, 'exited', 'collecting');
    await attempts.finish(again, jobResult());
    await attempts.claim(claim.id, 'late');
    expect(await ledger.announced(claim.id)).toEqual([
      'running', // pulling
      'queued',
      'running', // pulling
      'running', // creating
      'running', // running
      'running', // collecting
      'finished',
    ]);
  });

  test('is bounded', async () => {
    const pipeline = ledger.redis.pipeline();
    for (let n = 0; n < 11_000; n += 1) pipeline.xadd(keys.events, '*', 'id', 'x', 'state', 'y');
    await pipeline.exec();
    await ledger.claimAt('claimed');
    expect(await ledger.redis.xlen(keys.events)).toBeLessThan(10_200);
  });
});

describe('time', () => {
  test('takes all traces of a finished job, its id with the jobs that come after', async () => {
    const retentionSeconds = 0.001;
    for (let n = 0; n < 40; n += 1) {
      const claim = await ledger.claimAt('started', { retentionSeconds, queueTimeoutSeconds: 60 });
      const chunk = [{ stream: 'stdout', data: Buffer.from('a') }] as const;
      await ledger.worker('first').appendOutput(claim, chunk);
      await ledger.worker('first').finish(claim, jobResult());
      await ledger.submissions.cancel(await ledger.submit({ retentionSeconds }), 'requested');
    }
    await until(async () => (await ledger.redis.keys('*:job:*')).length === 0);
    for (let n = 0; n < 8; n += 1) {
      const id = await ledger.submit();
      await ledger.submissions.cancel(id, 'requested');
      await ledger.submissions.remove(id);
    }
    // The list of the last second ends by itself.
    const left = (await ledger.redis.keys('*')).filter((key) => key !== keys.accepted);
    expect(left.sort()).toEqual([keys.events, keys.lastTurn, keys.totals]);
  });
});
