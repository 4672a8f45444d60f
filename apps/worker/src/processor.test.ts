import { createLogger, keys, RECORD_VERSION } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from './engine/engine.ts';
import { FakeEngine } from './engine/fake/fake-engine.ts';
import { EngineWatch } from './engine-watch.ts';
import { Intakes } from './intake/intakes.ts';
import { RunLimit } from './intake/run-limit.ts';
import { Slots } from './intake/slots.ts';
import { createProcessor } from './processor.ts';
import { RunningJobs } from './running-jobs.ts';
import { jobDependencies } from './testing/job-dependencies.ts';
import { intercept } from './testing/override.ts';
import { openQueue, type TestQueue } from './testing/test-queue.ts';
import { openLedger, type TestJob, type TestLedger } from './testing/test-redis.ts';
import { WorkerState } from './worker-state.ts';

const IMAGE = 'docker.io/library/shell:latest';
const FOREVER = ['sh', '-c', 'echo ready; sleep 600'];
const logger = createLogger({ name: 'worker', level: 'silent' });

let ledger: TestLedger;
let queue: TestQueue;
let fake: FakeEngine;
let running: RunningJobs;
let onEngineAway: () => void;
let fullJobs: number;
let intake: Intakes | undefined;
let runLimit: RunLimit;

beforeEach(async () => {
  ledger = await openLedger();
  queue = await openQueue(ledger.redis);
  fake = new FakeEngine();
  fake.images.add(IMAGE);
  running = new RunningJobs(ledger.attempts, logger);
  intake = undefined;
  runLimit = new RunLimit();
  fullJobs = 0;
  onEngineAway = () => {};
});

afterEach(async () => {
  running.stopAll('shut-down');
  runLimit.end();
  await intake?.close();
  await queue.close();
  await ledger.close();
});

function takeJobs(engine: Engine = fake, slots = 4): void {
  const { redis, attempts } = ledger;
  const process = createProcessor({
    ...jobDependencies(engine, attempts),
    running,
    onEngineAway: () => onEngineAway(),
    onEngineFull: () => {
      fullJobs += 1;
    },
  });
  intake = new Intakes({
    redis,
    name: 'test',
    labels: {},
    slots: new Slots(slots),
    runLimit,
    leaseMs: 30_000,
    process,
    logger,
  });
  intake.resume();
  intake.refresh().catch(() => {});
}

async function submit(job: Partial<TestJob>): Promise<string> {
  const id = await ledger.submit({ image: 'shell', killTimeoutSeconds: 0, ...job });
  await queue.add(id);
  return id;
}

const find = (id: string) => ledger.submissions.find(id);
const finished = async (id: string) => {
  await until(async () => (await find(id))?.state === 'finished');
  return find(id);
};
const isReady = (id: string) =>
  until(async () => (await ledger.output(id)).stdout.includes('ready'));
const isForgotten = (id: string) => until(async () => (await queue.stateOf(id)) === 'unknown');

describe('a delivery', () => {
  test('that overtakes its own record waits for it', async () => {
    takeJobs();
    const id = 'ahead';
    await queue.add(id);
    await until(async () => (await queue.stateOf(id)) === 'delayed');
    await ledger.submit({ image: 'shell', args: ['echo', 'hi'] }, id);
    expect((await finished(id))?.result).toMatchObject({ conclusion: 'SUCCESS' });
  });

  test('of a job that waits runs it, and the queue forgets it', async () => {
    takeJobs();
    const id = await submit({ args: ['echo', 'hi'] });
    expect((await finished(id))?.result).toMatchObject({ conclusion: 'SUCCESS' });
    await isForgotten(id);
    await until(() => running.size === 0);
  });

  test('of a job that ended in failure is over for the queue just the same', async () => {
    takeJobs();
    const id = await submit({ args: ['no-such-program'] });
    expect((await finished(id))?.result).toMatchObject({ conclusion: 'FAILURE' });
    await isForgotten(id);
  });

  test('of a job that is over, or unknown, does nothing', async () => {
    const over = await submit({ args: ['true'] });
    await ledger.submissions.cancel(over, 'enough');
    await queue.add('unknown');
    takeJobs();
    await isForgotten(over);
    await isForgotten('unknown');
    expect((await find(over))?.attempts).toEqual([]);
  });

  test('on behalf of a job that another worker holds is over when nothing else waits', async () => {
    const id = await submit({ args: ['true'] });
    await ledger.claim(id);
    takeJobs();
    await isForgotten(id);
    expect(await find(id)).toMatchObject({ state: 'running', attempts: [{ number: 1 }] });
  });

  test('of a job of an older version ends it without running it', async () => {
    const id = await submit({ args: ['true'] });
    await ledger.redis.hset(keys.job(id), 'v', 0);
    takeJobs();
    expect((await finished(id))?.result).toMatchObject({ error: { code: 'job.incompatible' } });
  });

  test('of a job of a newer version leaves it queued, for a worker that reads it', async () => {
    const id = await submit({ args: ['true'] });
    await ledger.redis.hset(keys.job(id), 'v', 99);
    takeJobs();
    await until(async () => (await queue.stateOf(id)) === 'delayed');
    expect(await find(id)).toMatchObject({ state: 'queued', attempts: [], result: null });
    // A worker of that version comes along.
    await ledger.redis.hset(keys.job(id), 'v', RECORD_VERSION);
    expect((await finished(id))?.result).toMatchObject({ conclusion: 'SUCCESS' });
  });

  test('that could not be recorded comes again', async () => {
    const engine = intercept(fake, async (method) => {
      // The record's key is one of another type now: nothing about the job can be written.
      if (method === 'create') await ledger.redis.set(keys.job(id), 'in the way');
    });
    const id = await ledger.submit({ image: 'shell', args: ['true'] });
    takeJobs(engine);
    await queue.add(id);
    await until(async () => (await queue.stateOf(id)) === 'delayed');
    expect(fake.containerCount).toBe(0);
  });
});

describe('a running job', () => {
  test('that a caller cancels learns of it at the next renewal, if it missed the message', async () => {
    takeJobs();
    const id = await submit({ args: FOREVER });
    await isReady(id);
    await ledger.submissions.cancel(id, 'enough');
    await running.renewLeases();
    expect((await finished(id))?.result).toMatchObject({ conclusion: 'CANCELLED' });
  });

  test('that belongs to somebody else by now is let go at the next renewal: nothing is recorded', async () => {
    takeJobs();
    const id = await submit({ args: FOREVER });
    await isReady(id);
    await ledger.redis.hset(keys.job(id), 'token', 'another');
    await running.renewLeases();
    await until(() => running.size === 0);
    expect(await find(id)).toMatchObject({ state: 'running', result: null });
  });

  test('keeps its lease', async () => {
    takeJobs();
    const id = await submit({ args: FOREVER });
    await isReady(id);
    await ledger.redis.hset(keys.job(id), 'leaseUntil', 1);
    await running.renewLeases();
    expect(Number(await ledger.redis.hget(keys.job(id), 'leaseUntil'))).toBeGreaterThan(1);
  });

  test('goes back to the queue when its worker shuts down before the start', async () => {
    const creating = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    const engine = intercept(fake, async (method) => {
      if (method !== 'create') return;
      creating.resolve();
      await stopped.promise;
    });
    takeJobs(engine);
    const id = await submit({ args: ['true'] });
    await creating.promise;
    const closed = intake?.close();
    running.stopAll('shut-down');
    stopped.resolve();
    await closed;
    expect(await find(id)).toMatchObject({ state: 'queued', result: null });
    expect(await queue.stateOf(id)).toBe('waiting');
    expect(fake.containerCount).toBe(0);
  });

  test('goes back to the queue, for later, when the engine is away before the start', async () => {
    fake.goAway();
    takeJobs();
    const id = await submit({ args: ['echo', 'hi'] });
    await until(async () => (await queue.stateOf(id)) === 'delayed');
    expect(await find(id)).toMatchObject({ state: 'queued', result: null });
    fake.comeBack();
    expect((await finished(id))?.result).toMatchObject({ conclusion: 'SUCCESS' });
  });

  test('whose engine is away makes the worker take no more, until it is back', async () => {
    fake.goAway();
    takeJobs();
    const state = new WorkerState(({ state: now }) =>
      now === 'ready' ? intake?.resume() : intake?.hold(),
    );
    state.over('starting');
    const watch = new EngineWatch(fake, state, logger);
    onEngineAway = () => watch.reportAway();
    const first = await submit({ args: ['true'] });
    await until(() => state.shown.state === 'unready');
    const second = await submit({ args: ['true'] });
    fake.comeBack();
    for (const id of [first, second]) {
      expect((await finished(id))?.result).toMatchObject({ conclusion: 'SUCCESS' });
    }
    await watch.end();
  });

  test('that finds the disk of the engine full ends so, and its worker learns of it', async () => {
    fake.fillDisk();
    takeJobs();
    const id = await submit({ args: ['true'] });
    expect((await finished(id))?.result).toMatchObject({ error: { code: 'engine.no_space' } });
    await until(() => fullJobs === 1);
  });

  test('that is taken while its worker shuts down is stopped as well', async () => {
    running.stopAll('shut-down');
    takeJobs();
    const id = await submit({ args: FOREVER });
    await until(async () => (await find(id))?.attempts.length !== 0);
    await intake?.close();
    expect(await find(id)).toMatchObject({ state: 'queued' });
  });
});

describe('a job that asks to be run again', () => {
  const retry = { maxAttempts: 3, on: ['exit:1'], backoffSeconds: 0 };

  test('is, as often as it asks, and each attempt keeps its result', async () => {
    takeJobs();
    const id = await submit({ args: ['false'], retry, remove: true });
    const record = await finished(id);
    const codes = record?.attempts.map(({ result }) => result?.exitCode);
    expect(codes).toEqual([1, 1, 1]);
    expect(record?.result).toMatchObject({ conclusion: 'FAILURE', exitCode: 1 });
    expect(fake.containerCount).toBe(0);
    await isForgotten(id);
  });

  test('keeps the container of each attempt, unless it wants them removed', async () => {
    takeJobs();
    const id = await submit({ args: ['false'], retry });
    await finished(id);
    expect(fake.containerCount).toBe(3);
  });

  test('is not run again when it ends otherwise', async () => {
    takeJobs();
    const id = await submit({ args: ['sh', '-c', 'exit 2'], retry });
    expect((await finished(id))?.attempts).toHaveLength(1);
  });

  test('has its turn behind those that wait already', async () => {
    const first = await submit({ args: ['false'], retry: { ...retry, maxAttempts: 2 } });
    const second = await submit({ args: ['true'] });
    takeJobs(fake, 1);
    const [again, other] = [await finished(first), await finished(second)];
    expect(other?.attempts[0]?.startedAt).toBeLessThanOrEqual(again?.attempts[1]?.startedAt ?? 0);
  });

  test('after a while is forgotten by the queue until then', async () => {
    takeJobs();
    const id = await submit({ args: ['false'], retry: { ...retry, backoffSeconds: 60 } });
    await until(async () => (await find(id))?.retryAt !== null);
    await isForgotten(id);
    expect(await find(id)).toMatchObject({ state: 'queued', retries: 1, result: null });
    await queue.add(id);
    await isForgotten(id);
    expect((await find(id))?.attempts).toHaveLength(1);
  });
});

describe('the books of running jobs', () => {
  test('tell two attempts of one job apart', async () => {
    const id = await ledger.submit({ image: 'shell' });
    const claim = await ledger.claim(id);
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    const one = running.track(claim, performance.now(), () => first.promise);
    const two = running.track(
      { ...claim, token: 'newer' },
      performance.now(),
      () => second.promise,
    );
    first.resolve();
    await one;
    expect(running.has(id)).toBe(true);
    second.resolve();
    await two;
    expect(running.has(id)).toBe(false);
  });
});
