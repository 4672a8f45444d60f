import { FencedError, keys } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from './engine/engine.ts';
import { FakeEngine } from './engine/fake/fake-engine.ts';
import { runJob } from './run-job.ts';
import { HandedOverError, StoppedError, StopSignal } from './stop-reason.ts';
import { jobDependencies } from './testing/job-dependencies.ts';
import { intercept, override } from './testing/override.ts';
import { openLedger, type TestJob, type TestLedger } from './testing/test-redis.ts';

const IMAGE = 'docker.io/library/shell:latest';
const FOREVER = ['sh', '-c', 'echo ready; sleep 600'];

let ledger: TestLedger;
let fake: FakeEngine;
let stop: StopSignal;

beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());
beforeEach(() => {
  fake = new FakeEngine();
  fake.images.add(IMAGE);
  stop = new StopSignal();
});

async function begin(job: Partial<TestJob>, engine: Engine = fake) {
  const id = await ledger.submit({ image: 'shell', killTimeoutSeconds: 30, ...job });
  const claim = await ledger.claim(id);
  const result = runJob(jobDependencies(engine, ledger.attempts), claim, stop);
  result.catch(() => {});
  const find = () => ledger.submissions.find(id);
  return { id, claim, result, find };
}

/** The same, once its container has written something. */
async function running(job: Partial<TestJob> = { args: FOREVER }, engine: Engine = fake) {
  const begun = await begin(job, engine);
  await until(async () => (await ledger.output(begun.id)).stdout === 'ready\n');
  const [container] = await fake.list({});
  return { ...begun, state: () => fake.inspect(container?.id ?? '') };
}

/** An engine that notes the grace of each stop; only one without any ends the container. */
function stubborn(graces: number[]): Engine {
  return override(fake, {
    stop: async (container, grace) => {
      graces.push(grace);
      if (grace === 0) fake.kill(container);
    },
  });
}

describe('a job whose lease is over', () => {
  test('is killed at once, and recorded as lost if the ledger still allows it', async () => {
    const graces: number[] = [];
    const { result } = await running({ args: FOREVER, remove: true }, stubborn(graces));
    stop.stop('lease-over');
    expect(await result).toMatchObject({
      conclusion: 'UNKNOWN',
      exitCode: -1,
      error: { code: 'worker.lost', message: expect.stringContaining('Redis') },
      outputBytes: 6,
    });
    expect(graces).toEqual([0]);
    expect(fake.containerCount).toBe(0);
  });

  test('in the grace of another stop is killed at once as well', async () => {
    const graces: number[] = [];
    const { result } = await running(undefined, stubborn(graces));
    stop.stop('timed-out');
    stop.stop('lease-over');
    expect(await result).toMatchObject({ conclusion: 'TIMED_OUT' });
    expect(graces).toEqual([30, 0]);
  });

  test('records nothing when it is somebody else’s by now', async () => {
    const { id, result, find } = await running();
    await ledger.redis.hset(keys.job(id), 'token', 'another');
    stop.stop('lease-over');
    await expect(result).rejects.toBeInstanceOf(FencedError);
    expect(await find()).toMatchObject({ state: 'running', result: null });
  });

  test.each(['findImage', 'create', 'attach'] as const)(
    'before its start, at %s, goes back to the queue',
    async (at) => {
      const engine = intercept(fake, (method) => {
        if (method === at) stop.stop('lease-over');
      });
      const { result, find } = await begin({ args: ['true'] }, engine);
      await expect(result).rejects.toBeInstanceOf(StoppedError);
      expect(await find()).toMatchObject({ state: 'queued' });
      expect(fake.containerCount).toBe(0);
    },
  );
});

describe('a job that is handed over', () => {
  test('runs on, with its output so far stored and its lease renewed', async () => {
    const { id, result, state, find } = await running();
    await ledger.redis.hset(keys.job(id), 'leaseUntil', 0);
    stop.stop('handed-over');
    await expect(result).rejects.toBeInstanceOf(HandedOverError);
    expect(await state()).toMatchObject({ status: 'running' });
    expect(await find()).toMatchObject({ state: 'running', result: null });
    expect(Number(await ledger.redis.hget(keys.job(id), 'leaseUntil'))).toBeGreaterThan(0);
  });

  test.each(['findImage', 'create', 'attach'] as const)(
    'before its start, at %s, goes back to the queue',
    async (at) => {
      const engine = intercept(fake, (method) => {
        if (method === at) stop.stop('handed-over');
      });
      const { result, find } = await begin({ args: ['true'] }, engine);
      await expect(result).rejects.toBeInstanceOf(StoppedError);
      expect(await find()).toMatchObject({ state: 'queued' });
      expect(fake.containerCount).toBe(0);
    },
  );

  test('while it is starting is left as it is', async () => {
    const engine = intercept(fake, (method) => {
      if (method === 'start') stop.stop('handed-over');
    });
    const { result, find } = await begin({ args: FOREVER }, engine);
    await expect(result).rejects.toBeInstanceOf(HandedOverError);
    expect(await find()).toMatchObject({ state: 'running' });
    expect(fake.containerCount).toBe(1);
  });

  test('while its engine is away is left at once', async () => {
    const { result, find } = await running();
    fake.goAway();
    stop.stop('handed-over');
    await expect(result).rejects.toBeInstanceOf(HandedOverError);
    fake.comeBack();
    expect(await find()).toMatchObject({ state: 'running' });
  });

  test('after its end was seen is recorded all the same', async () => {
    const engine = intercept(fake, (method) => {
      if (method === 'inspect') stop.stop('handed-over');
    });
    const { result } = await begin({ args: ['sh', '-c', 'exit 143'] }, engine);
    expect(await result).toMatchObject({ conclusion: 'FAILURE', exitCode: 143, error: null });
  });

  test('in the grace of another stop ends by that', async () => {
    const script = "trap 'exit 0' TERM; echo ready; sleep 600";
    const { result } = await running({ args: ['sh', '-c', script] });
    stop.stop('cancelled');
    stop.stop('handed-over');
    expect(await result).toMatchObject({ conclusion: 'CANCELLED' });
  });
});
