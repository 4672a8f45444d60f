import { Attempts, type Claim, createLogger, keys } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { RunningJobs } from './running-jobs.ts';
import type { StopReason, StopSignal } from './stop-reason.ts';
import { openLedger, type TestLedger } from './testing/test-redis.ts';

const LEASE_MS = 3_000;
const logger = createLogger({ name: 'worker', level: 'silent' });

let ledger: TestLedger;
let attempts: Attempts;

beforeAll(async () => {
  ledger = await openLedger();
  attempts = new Attempts(ledger.redis, { worker: 'test', leaseMs: LEASE_MS });
});
afterAll(() => ledger.close());
afterEach(() => vi.restoreAllMocks());

/** A job in the books, until the test has ended. */
async function track(of = attempts, askedAt = performance.now()) {
  const id = await ledger.submit({ image: 'shell' });
  const claim = await ledger.claim(id);
  const running = new RunningJobs(of, logger);
  const end = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<StopSignal>();
  const tracked = running.track(claim, askedAt, async (stop) => {
    begun.resolve(stop);
    await end.promise;
  });
  onTestFinished(async () => {
    end.resolve();
    await tracked;
  });
  return { id, claim, running, stop: await begun.promise };
}

/** The ledger through a connection on which renewals wait until `answer` is called. */
function mute() {
  const back = Promise.withResolvers<void>();
  const muted = new Attempts(ledger.redis, { worker: 'test', leaseMs: LEASE_MS });
  const renew = muted.renew.bind(muted);
  vi.spyOn(muted, 'renew').mockImplementation(async (claim: Claim) => {
    await back.promise;
    return renew(claim);
  });
  onTestFinished(() => back.resolve());
  return { muted, answer: back.resolve };
}

const now = performance.now.bind(performance);
/** As a process sees it that slept for so long since the beginning of the test. */
const sleepFor = (milliseconds: number) => {
  vi.spyOn(performance, 'now').mockImplementation(() => now() + milliseconds);
};

const takeAway = (id: string) => ledger.redis.hset(keys.job(id), 'token', 'another');
const reasonOf = async (stop: StopSignal, expected: StopReason) => {
  await until(() => stop.reason !== undefined);
  expect(stop.reason).toBe(expected);
};

describe('a job whose lease', () => {
  test('is renewed is left alone', async () => {
    const { running, stop } = await track();
    sleepFor(0.5 * LEASE_MS);
    await running.renewLeases();
    sleepFor(1.0 * LEASE_MS);
    stop.throwIfStopped();
    expect(stop.reason).toBeUndefined();
  });

  test('can not be renewed is stopped by 0.6 of it, while the renewal still waits', async () => {
    const { muted } = mute();
    const { running, stop } = await track(muted);
    void running.renewLeases();
    await reasonOf(stop, 'lease-over');
    expect(stop.graceSeconds(30)).toBe(0);
  });

  test('is renewed by an answer that took an outage to come is renewed once more', async () => {
    const { muted, answer } = mute();
    const { running, stop } = await track(muted);
    const renewed = running.renewLeases();
    sleepFor(0.5 * LEASE_MS);
    answer();
    await renewed;
    expect(muted.renew).toHaveBeenCalledTimes(2);
    expect(stop.reason).toBeUndefined();
  });

  test('counts from before the claim was asked for: one that took too long is asked for again', async () => {
    const { stop } = await track(attempts, performance.now() - 10 * LEASE_MS);
    stop.throwIfStopped();
    expect(stop.reason).toBeUndefined();
  });
});

describe('a worker that wakes up', () => {
  test('within its lease, but late, stops its job without asking', async () => {
    const { muted } = mute();
    const { stop } = await track(muted);
    // Its timer is due after 0.6 of the lease.
    sleepFor(0.2 * LEASE_MS);
    await reasonOf(stop, 'lease-over');
  });

  test('after its lease leaves a job alone whose container was adopted meanwhile', async () => {
    const { id, stop } = await track();
    await takeAway(id);
    sleepFor(2 * LEASE_MS);
    await reasonOf(stop, 'fenced');
  });

  test('after its lease stops a job that is still its own: a reaper may have ended it', async () => {
    const { stop } = await track();
    sleepFor(2 * LEASE_MS);
    await reasonOf(stop, 'lease-over');
  });

  test('after its lease touches nothing before the ledger has answered', async () => {
    const { muted, answer } = mute();
    const { id, running, stop } = await track(muted);
    sleepFor(2 * LEASE_MS);
    stop.stop('timed-out');
    running.stop(id, 'cancelled');
    running.stopAll('shut-down');
    await until(() => vi.mocked(muted.renew).mock.calls.length > 0);
    expect(stop.reason).toBeUndefined();
    await takeAway(id);
    answer();
    await reasonOf(stop, 'fenced');
  });

  test('starts nothing, however soon it gets there', async () => {
    const { stop } = await track();
    sleepFor(0.7 * LEASE_MS);
    expect(() => stop.throwIfStopped()).toThrow('lease-over');
  });

  test('does not take an exit for the job’s own that a reaper may have brought about', async () => {
    const { stop } = await track();
    sleepFor(2 * LEASE_MS);
    stop.noteExit();
    expect(stop.decisive).toBe('lease-over');
  });
});

test('two attempts of one job are told apart', async () => {
  const id = await ledger.submit({ image: 'shell' });
  const claim = await ledger.claim(id);
  const running = new RunningJobs(attempts, logger);
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const one = running.track(claim, now(), () => first.promise);
  const two = running.track({ ...claim, token: 'newer' }, now(), () => second.promise);
  first.resolve();
  await one;
  expect(running.has(id)).toBe(true);
  second.resolve();
  await two;
  expect(running.has(id)).toBe(false);
});
