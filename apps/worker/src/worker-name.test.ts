import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { keys, Workers } from '@conjob/shared';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Holder, type ProcessIdentity, thisProcess } from './holder.ts';
import { openLedger, type TestLedger } from './testing/test-redis.ts';
import { workerReport } from './testing/worker-report.ts';
import { NameTakenError, WorkerName } from './worker-name.ts';

const LEASE_MS = 30_000;
const ELSEWHERE: ProcessIdentity = { host: 'elsewhere', pid: 7, boot: 'b', pidNamespace: 'p' };

let ledger: TestLedger;

beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());
beforeEach(() => ledger.redis.flushall());

const named = (identity?: ProcessIdentity) =>
  new WorkerName({
    redis: ledger.redis,
    name: 'w',
    leaseMs: LEASE_MS,
    report: () => workerReport({ name: 'w' }),
    ...(identity ? { identity } : {}),
  });
const take = (name: WorkerName) => name.take(new AbortController().signal);
/** Takes the name and keeps it alive, as a running worker does, until the test is over. */
async function live(name: WorkerName): Promise<void> {
  await take(name);
  const renewals = setInterval(() => void name.renew(), 50);
  onTestFinished(() => clearInterval(renewals));
}
const heldBy = (holder: Partial<Holder>, ms = 60_000) =>
  ledger.redis.set(
    keys.workerName('w'),
    JSON.stringify({ ...thisProcess(), instance: 'x', ...holder }),
    'PX',
    ms,
  );
const workers = () => new Workers(ledger.redis).list();
const states = async () => (await workers()).map(({ name, state }) => `${name} ${state}`);

async function deadProcess(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('a worker’s name', () => {
  test('is refused to a second host while the first one lives, and both are named', async () => {
    await live(named(ELSEWHERE));
    const here = thisProcess();
    const refused = take(named());
    await expect(refused).rejects.toBeInstanceOf(NameTakenError);
    await expect(refused).rejects.toThrow('process 7 on elsewhere has the name');
    await expect(refused).rejects.toThrow(`process ${here.pid} on ${here.host} wants it`);
  });

  test('is refused to a second process of this machine while the first one lives', async () => {
    await live(named({ ...thisProcess(), pid: process.ppid }));
    await expect(take(named())).rejects.toBeInstanceOf(NameTakenError);
  });

  test('is taken from a holder that does not renew it, once it runs out', async () => {
    await heldBy(ELSEWHERE, 600);
    const name = named();
    await take(name);
    expect(name.isHeld).toBe(true);
  });

  test('is held for as long as the lease of a job', async () => {
    await take(named());
    const remainingMs = await ledger.redis.pttl(keys.workerName('w'));
    expect(remainingMs).toBeGreaterThan(LEASE_MS / 2);
    expect(remainingMs).toBeLessThanOrEqual(LEASE_MS);
  });

  test('is waited for no longer than wanted', async () => {
    await heldBy(ELSEWHERE);
    const quit = new AbortController();
    const taking = named().take(quit.signal);
    quit.abort();
    await expect(taking).rejects.toThrow('aborted');
  });

  test('that ran out is held again by a renewal', async () => {
    const name = named();
    await take(name);
    await ledger.redis.flushall();
    await name.renew();
    expect(name.isHeld).toBe(true);
  });

  test('that somebody else took meanwhile is neither renewed nor given back', async () => {
    const first = named();
    await take(first);
    await ledger.redis.flushall();
    const second = named(ELSEWHERE);
    await take(second);
    await expect(first.renew()).rejects.toBeInstanceOf(NameTakenError);
    expect(first.isHeld).toBe(false);
    await first.giveBack();
    await second.renew();
    expect(await states()).toEqual(['w ready']);
  });

  test('is taken at once from a dead process of this machine', async () => {
    await heldBy({ pid: await deadProcess() });
    const name = named();
    await take(name);
    expect(name.isHeld).toBe(true);
  });

  test('is taken at once from the process that had this process’s id before it', async () => {
    await heldBy({ instance: 'before' });
    const name = named();
    await take(name);
    expect(name.isHeld).toBe(true);
  });

  test.each([
    ['of a machine with the same host name', { boot: 'another' }],
    ['of another container with the same host name', { pidNamespace: 'another', pid: 999_999 }],
  ])('is not taken at once from a process %s', async (_, holder) => {
    await heldBy(holder);
    const quit = new AbortController();
    const taking = named().take(quit.signal);
    setTimeout(() => quit.abort(), 100);
    await expect(taking).rejects.toThrow('aborted');
  });
});

describe('the sign of life of a worker', () => {
  test('says how it is and when, by the clock of Redis, until the name is given back', async () => {
    const name = named();
    const { redisNow } = await take(name);
    expect(await workers()).toMatchObject([
      { ...workerReport({ name: 'w' }), heartbeatAt: redisNow },
    ]);
    await name.giveBack();
    expect(await workers()).toEqual([]);
  });

  test('brings what an operator wants of it', async () => {
    const name = named();
    expect((await take(name)).drained).toBeNull();
    await new Workers(ledger.redis).drain('w', 'new disks');
    expect((await name.renew()).drained).toBe('new disks');
    await new Workers(ledger.redis).resume('w');
    expect((await name.renew()).drained).toBeNull();
  });

  test('forgets workers that have been silent for an hour, and no others', async () => {
    const now = Date.now();
    for (const [name, minutes] of [
      ['gone', 61],
      ['lost', 59],
    ] as const) {
      await ledger.redis.zadd(keys.workers, now - minutes * 60_000, name);
      await ledger.redis.set(keys.worker(name), JSON.stringify(workerReport({ name })));
    }
    await take(named());
    expect(await states()).toEqual(['lost lost', 'w ready']);
    expect(await ledger.redis.exists(keys.worker('gone'))).toBe(0);
  });

  test('is given also when the memory of Redis is full', async () => {
    await ledger.redis.config('SET', 'maxmemory', '1');
    onTestFinished(() => void ledger.redis.config('SET', 'maxmemory', '0'));
    await take(named());
    expect(await states()).toEqual(['w ready']);
  });
});
