import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { keys } from '@conjob/shared';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openLedger, type TestLedger } from './testing/test-redis.ts';
import { NameTakenError, WorkerName } from './worker-name.ts';

let ledger: TestLedger;

beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());
beforeEach(() => ledger.redis.flushall());

const named = (name: string) => new WorkerName(ledger.redis, name);
const take = (name: WorkerName) => name.take(new AbortController().signal);
/** Takes `name` and keeps it alive, as a running worker does, until the test is over. */
async function live(name: WorkerName): Promise<void> {
  await take(name);
  const renewals = setInterval(() => void name.renew(), 50);
  onTestFinished(() => clearInterval(renewals));
}
const heldBy = (host: string, pid: number, ms = 60_000) =>
  ledger.redis.set(keys.workerName('w'), JSON.stringify({ host, pid }), 'PX', ms);

async function deadProcess(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('a worker’s name', () => {
  test('is refused to a second process while the first one lives, which is named', async () => {
    await live(named('w'));
    await expect(take(named('w'))).rejects.toThrow(`process ${process.pid} on ${hostname()}`);
  });

  test('is taken from a holder that does not renew it, once it runs out', async () => {
    await heldBy('elsewhere', 1, 600);
    const name = named('w');
    await take(name);
    expect(name.isHeld).toBe(true);
  });

  test('is waited for no longer than wanted', async () => {
    await heldBy('elsewhere', 1, 60_000);
    const quit = new AbortController();
    const taking = named('w').take(quit.signal);
    quit.abort();
    await expect(taking).rejects.toThrow('aborted');
  });

  test('is taken over at once from a process of this machine that is dead', async () => {
    await heldBy(hostname(), await deadProcess());
    const name = named('w');
    await take(name);
    expect(name.isHeld).toBe(true);
  });

  test('shows that the worker lives, until it is given back', async () => {
    const name = named('w');
    await take(name);
    expect(await ledger.redis.zcard(keys.workers)).toBe(1);
    await name.giveBack();
    expect(await ledger.redis.zcard(keys.workers)).toBe(0);
    await take(named('w'));
  });

  test('that ran out is held again by a renewal', async () => {
    const name = named('w');
    await take(name);
    await ledger.redis.flushall();
    await name.renew();
    expect(name.isHeld).toBe(true);
  });

  test('that somebody else took meanwhile is neither renewed nor given back', async () => {
    const first = named('w');
    await take(first);
    await ledger.redis.flushall();
    const second = named('w');
    await take(second);
    await expect(first.renew()).rejects.toBeInstanceOf(NameTakenError);
    expect(first.isHeld).toBe(false);
    await first.giveBack();
    await second.renew();
    expect(await ledger.redis.zcard(keys.workers)).toBe(1);
  });
});
