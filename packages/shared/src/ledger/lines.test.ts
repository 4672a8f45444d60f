import { describe, expect, test } from 'vitest';
import { RECORD_VERSION } from '../job-record.ts';
import { keys, RUN_QUEUE } from '../keys.ts';
import { Limits } from '../limits.ts';
import { queueOf } from '../placement.ts';
import { jobSpec, useLedger } from '../testing/use-ledger.ts';
import { Lines } from './lines.ts';

const ledger = useLedger();
const GPU = { gpu: 'true' };
let made = 0;

async function submit(group: string, fields: Parameters<typeof jobSpec>[0] = {}): Promise<string> {
  made += 1;
  const id = `${group}-${made}`;
  await ledger.submissions.accept({ id, group, spec: jobSpec(fields) });
  return id;
}

const take = (ticket = 'none', queue = RUN_QUEUE, token = ledger.newToken()) =>
  ledger.worker('first').take(ticket, queue, token);

async function takenBy(ticket?: string): Promise<string | undefined> {
  const outcome = await take(ticket);
  return 'claim' in outcome ? outcome.claim.id : undefined;
}

const linesLeft = () => ledger.redis.keys(`${keys.waitingPrefix}*`);

describe('a ticket', () => {
  test('gets the job that is next, whichever it was put there for', async () => {
    const many = [await submit('many'), await submit('many'), await submit('many')];
    const single = await submit('one');
    expect(await takenBy(many[2])).toBe(many[0]);
    expect(await takenBy(many[0])).toBe(single);
    expect(await takenBy(`${single}.3`)).toBe(many[1]);
    expect(await takenBy(many[1])).toBe(many[2]);
    expect(await take(single)).toEqual({ kind: 'over' });
    expect(await ledger.redis.keys(`${keys.turnsPrefix}*`)).toEqual([]);
  });

  test('gets none of another queue', async () => {
    const id = await submit('a', { requires: GPU });
    expect((await take(id)).kind).toBe('over');
    expect(await take(id, queueOf(GPU))).toMatchObject({ kind: 'claimed', claim: { id } });
  });

  test('for a job that is not known yet is told so, unless another one waits', async () => {
    expect((await take('ahead')).kind).toBe('missing');
    const id = await submit('a');
    expect(await takenBy('ahead')).toBe(id);
  });

  test('that is sent again with its token gets the same job, and no other', async () => {
    const [first, second] = [await submit('a'), await submit('a')];
    for (let n = 0; n < 2; n += 1) {
      const outcome = await take('any', RUN_QUEUE, 'the same');
      expect(outcome).toMatchObject({ kind: 'claimed', claim: { id: first, attempt: 1 } });
    }
    expect(await ledger.position(second)).toBe(0);
  });

  test('that is held back by the limit costs no turn', async () => {
    const limits = new Limits(ledger.redis, { maxConcurrentRuns: 0 } as never);
    const [first] = [await submit('a'), await submit('b')];
    await limits.change({ maxConcurrentRuns: 0 });
    for (let n = 0; n < 3; n += 1) expect((await take()).kind).toBe('held-back');
    await limits.change({ maxConcurrentRuns: 1 });
    expect(await takenBy()).toBe(first);
  });
});

describe('a job', () => {
  test('of a newer version is passed over: others of its group and of other groups are not kept waiting', async () => {
    const [newer, older] = [await submit('a'), await submit('a')];
    const other = await submit('b');
    await ledger.redis.hset(keys.job(newer), 'v', RECORD_VERSION + 1);
    expect([await takenBy(), await takenBy()]).toEqual([older, other]);
    expect(await take()).toEqual({ kind: 'newer', id: newer });
    await ledger.redis.hset(keys.job(newer), 'v', RECORD_VERSION);
    expect(await takenBy()).toBe(newer);
  });

  test('that has no line, as one of an earlier version, is taken by its own ticket', async () => {
    const id = await submit('default');
    await ledger.redis.hdel(keys.job(id), 'group');
    await ledger.redis.del(keys.line(RUN_QUEUE, 'default'), keys.turns(RUN_QUEUE));
    expect((await take()).kind).toBe('missing');
    expect(await takenBy(id)).toBe(id);
    expect(await linesLeft()).toEqual([]);
  });

  test('that was taken by a worker of an earlier version, or can not be read, is in nobody’s way', async () => {
    const [taken, broken, next] = [await submit('a'), await submit('b'), await submit('b')];
    await ledger.redis.hset(keys.job(taken), 'state', 'running');
    await ledger.redis.set(keys.job(broken), 'not a hash');
    expect(await takenBy(broken)).toBe(next);
    expect(await ledger.redis.keys(`${keys.turnsPrefix}*`)).toEqual([]);
  });

  test('between two attempts is in no line, and knows where it will be', async () => {
    const retried = await ledger.claim(await submit('a'));
    const waiting = [await submit('a'), await submit('b')];
    const failed = { conclusion: 'FAILURE', exitCode: 1, error: null } as never;
    await ledger.worker('first').retry(retried, failed, 3_600_000);
    expect(await ledger.position(retried.id)).toBe(2);
    expect([await takenBy(), await takenBy(), await takenBy()]).toEqual([...waiting, undefined]);
    const lines = new Lines(ledger.redis);
    await lines.join(retried.id);
    expect(await lines.heads([RUN_QUEUE])).toEqual([]);
    await ledger.makeDue(retried.id);
    await lines.join(retried.id);
    expect(await takenBy()).toBe(retried.id);
  });
});

describe('the position of a job', () => {
  test('counts no more of another group than go before it', async () => {
    for (let n = 0; n < 50; n += 1) await submit('many');
    const single = await submit('one');
    const second = await submit('one');
    expect([await ledger.position(single), await ledger.position(second)]).toEqual([1, 3]);
  });

  test('is about right where there are more groups than are counted', async () => {
    for (let group = 0; group < 300; group += 1) {
      await submit(`g${group}`);
      await submit(`g${group}`);
    }
    const [first, second] = [await submit('last'), await submit('last')];
    expect(await ledger.position(first)).toBe(300);
    expect(await ledger.position(second)).toBe(601);
  });
});

test('the heads of several queues have their turns out of one counter', async () => {
  const any = [await submit('a'), await submit('a')];
  const gpu = await submit('b', { requires: GPU });
  const lines = new Lines(ledger.redis);
  const queues = [queueOf(GPU), 'none', RUN_QUEUE];
  const heads = async () =>
    (await lines.heads(queues)).toSorted((x, y) => x.turn - y.turn).map(({ id }) => id);
  expect(await heads()).toEqual([any[0], gpu]);
  expect(await lines.groups()).toBe(2);
  await takenBy();
  expect(await heads()).toEqual([gpu, any[1]]);
});
