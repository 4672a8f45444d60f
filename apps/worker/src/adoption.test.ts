import { Attempts, createLogger, keys } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { Adoption } from './adoption.ts';
import { containerSpec } from './container-spec.ts';
import { type Engine, NetworkGoneError } from './engine/engine.ts';
import { FakeEngine } from './engine/fake/fake-engine.ts';
import { RunningJobs } from './running-jobs.ts';
import { jobDependencies } from './testing/job-dependencies.ts';
import { intercept, override } from './testing/override.ts';
import { testSandbox } from './testing/specs.ts';
import { openLedger, type TestJob, type TestLedger } from './testing/test-redis.ts';

const IMAGE = 'docker.io/library/shell:latest';
const HOUR_MS = 3_600_000;
const LEASE_MS = 30_000;
const logger = createLogger({ name: 'worker', level: 'silent' });

let ledger: TestLedger;
let fake: FakeEngine;

beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());
beforeEach(() => {
  fake = new FakeEngine();
  fake.images.add(IMAGE);
});

const attemptsOf = (worker: string, leaseMs = LEASE_MS) =>
  new Attempts(ledger.redis, { worker, leaseMs });
const hold = (worker: string) => ledger.redis.set(keys.workerName(worker), 'a process');
const leave = (worker: string) => ledger.redis.del(keys.workerName(worker));

/** A job as a process of a worker leaves it that is killed just before it starts the container. */
async function leftStarting(job: Partial<TestJob>, worker = 'test') {
  const attempts = attemptsOf(worker);
  const id = await ledger.submit({ image: 'shell', killTimeoutSeconds: 0, ...job });
  const outcome = await attempts.claim(id, `token-${id}`);
  if (outcome.kind !== 'claimed') throw new Error(`${id} is ${outcome.kind}`);
  const { claim } = outcome;
  const { defaults } = jobDependencies(fake, attempts);
  const container = await fake.create(
    containerSpec(claim, IMAGE, testSandbox(), { ...defaults, worker }),
  );
  await attempts.advance(claim, 'started', 'running', { containerId: container });
  return { id, claim, container, attempts };
}

/** The same while the container runs. */
async function leftRunning(job: Partial<TestJob>, worker?: string) {
  const left = await leftStarting(job, worker);
  await fake.start(left.container);
  const hasEnded = async () => (await fake.inspect(left.container))?.status === 'exited';
  return { ...left, hasEnded: () => until(hasEnded) };
}

function adoptionBy(worker: string, engine: Engine = fake, leaseMs = LEASE_MS) {
  const attempts = attemptsOf(worker, leaseMs);
  const running = new RunningJobs(attempts, logger);
  const adopted: Promise<void>[] = [];
  const ignore = () => {};
  const dependencies = jobDependencies(engine, attempts);
  const adoption = new Adoption({
    ...dependencies,
    defaults: { ...dependencies.defaults, worker },
    running,
    redis: ledger.redis,
    onAdopted: (job) => adopted.push(job),
    onEngineAway: ignore,
    onEngineFull: ignore,
  });
  onTestFinished(async () => {
    running.stopAll('shut-down');
    await adoption.close();
  });
  return { adoption, adopted, running };
}

async function adopt(engine?: Engine) {
  const { adoption, adopted } = adoptionBy('test', engine);
  await adoption.begin();
  await Promise.all(adopted);
}

const resultOf = async (id: string) => (await ledger.submissions.find(id))?.result;

describe('an adopted job whose container', () => {
  test.each([137, 143, 255])(
    'had ended with %i when its engine was away was ended by that, or by its host: it is lost',
    async (code) => {
      const { id, hasEnded } = await leftRunning({ args: ['sh', '-c', `echo x; exit ${code}`] });
      await hasEnded();
      fake.goAway();
      fake.comeBack();
      await adopt();
      expect(await resultOf(id)).toMatchObject({
        conclusion: 'UNKNOWN',
        error: { code: 'worker.lost' },
        outputBytes: 2,
      });
    },
  );

  test.each([
    [0, 'SUCCESS'],
    [3, 'FAILURE'],
    [130, 'FAILURE'],
    [137, 'FAILURE'],
    [143, 'FAILURE'],
    [255, 'FAILURE'],
  ])(
    'had ended already by itself, as its engine saw, with %i keeps that',
    async (exitCode, conclusion) => {
      const { id, hasEnded } = await leftRunning({ args: ['sh', '-c', `exit ${exitCode}`] });
      await hasEnded();
      await adopt();
      expect(await resultOf(id)).toMatchObject({ conclusion, exitCode, error: null });
    },
  );

  test('had ended already for lack of memory keeps that', async () => {
    const { id, hasEnded } = await leftRunning({ args: ['tail', '/dev/zero'] });
    await hasEnded();
    await adopt();
    expect(await resultOf(id)).toMatchObject({ error: { code: 'run.out_of_memory' } });
  });

  test('had ended in time keeps its result, however late it is adopted', async () => {
    const { id, hasEnded } = await leftRunning({ args: ['true'], timeoutSeconds: 1 });
    await hasEnded();
    await ledger.redis.hset(keys.job(id), 'runningAt', Date.now() - HOUR_MS);
    await adopt();
    expect(await resultOf(id)).toMatchObject({ conclusion: 'SUCCESS' });
  });

  test('was stopped at its time limit by the process before timed out', async () => {
    const { id, container } = await leftRunning({ args: ['sleep', '600'], timeoutSeconds: 60 });
    await ledger.redis.hset(keys.job(id), 'runningAt', Date.now() - HOUR_MS);
    await fake.stop(container, 0);
    await adopt();
    expect(await resultOf(id)).toMatchObject({ conclusion: 'TIMED_OUT' });
  });

  test('was about to be started is started now', async () => {
    const { id } = await leftStarting({ args: ['sh', '-c', 'exit 3'] });
    await adopt();
    expect(await resultOf(id)).toMatchObject({ conclusion: 'FAILURE', exitCode: 3, error: null });
  });

  test('was about to be started in a held network that is gone is lost: the job has done nothing', async () => {
    const { id } = await leftStarting({ args: ['true'] });
    const engine = override(fake, {
      start: async () => {
        const words = 'cannot join network of a non running container: 0a1b';
        throw new NetworkGoneError(words, 'run.refused');
      },
    });
    await adopt(engine);
    expect(await resultOf(id)).toMatchObject({
      conclusion: 'UNKNOWN',
      exitCode: -1,
      error: { code: 'worker.lost' },
    });
  });

  test('was refused for another reason when it was started fails by that', async () => {
    const { id } = await leftStarting({ args: ['true'] });
    const engine = override(fake, {
      start: async () => {
        throw new NetworkGoneError('/proc/1/ns/net: not found', 'run.command_not_found');
      },
    });
    await adopt(engine);
    expect(await resultOf(id)).toMatchObject({ conclusion: 'FAILURE', exitCode: 127 });
  });

  test('still runs, and then ends by a signal, keeps its code', async () => {
    const { id, container } = await leftRunning({ args: ['sleep', '600'] });
    const engine = override(fake, {
      watchExit: async (of, condition) => {
        const watch = await fake.watchExit(of, condition);
        fake.kill(container);
        return watch;
      },
    });
    await adopt(engine);
    expect(await resultOf(id)).toMatchObject({ conclusion: 'FAILURE', exitCode: 137, error: null });
  });

  test('still runs has run since its start, not since it was adopted', async () => {
    const { id } = await leftRunning({ args: ['sleep', '600'], timeoutSeconds: 60 });
    await ledger.redis.hset(keys.job(id), 'runningAt', Date.now() - HOUR_MS);
    await adopt();
    const result = await resultOf(id);
    expect(result).toMatchObject({ conclusion: 'TIMED_OUT' });
    expect(result?.timings.runMs).toBeGreaterThanOrEqual(HOUR_MS);
  });

  test('keeps the times of the parts that were over before', async () => {
    const { id, claim, container, attempts } = await leftRunning({ args: ['sleep', '600'] });
    const timings = { queueMs: 1, pullMs: 2, createMs: 3, runMs: null };
    await attempts.advance(claim, 'started', 'running', { timings });
    await fake.kill(container);
    await adopt();
    const { runMs, ...before } = (await resultOf(id))?.timings ?? {};
    expect(before).toEqual({ queueMs: 1, pullMs: 2, createMs: 3 });
    expect(runMs).toEqual(expect.any(Number));
  });
});

describe('a container of another worker of the same engine', () => {
  test('whose name nobody holds is adopted', async () => {
    const { id } = await leftRunning({ args: ['sh', '-c', 'sleep 0.1; exit 3'] }, 'gone');
    const { adoption, adopted } = adoptionBy('test');
    await adoption.begin();
    await Promise.all(adopted);
    expect(await resultOf(id)).toMatchObject({ conclusion: 'FAILURE', exitCode: 3 });
    const [attempt] = (await ledger.submissions.find(id))?.attempts ?? [];
    expect(attempt?.worker).toBe('test');
  });

  test('that an adopter of a third name left is adopted by what the ledger says, not the label', async () => {
    const { id, claim } = await leftRunning({ args: ['sleep', '600'] }, 'first');
    expect(
      await attemptsOf('second').adopt(id, claim.attempt, 'its token', 'first'),
    ).not.toBeNull();
    const { adoption, running } = adoptionBy('third');
    await adoption.begin();
    expect(running.has(id)).toBe(true);
  });

  test('is left to a worker that renews its lease, and looked at no more', async () => {
    await hold('alive');
    const { id, claim, attempts } = await leftRunning({ args: ['sleep', '600'] }, 'alive');
    let looks = 0;
    const engine = intercept(fake, (method) => {
      if (method === 'list') looks += 1;
    });
    const { adoption, running } = adoptionBy('test', engine);
    await adoption.begin();
    const leaseUntil = () => ledger.redis.hget(keys.job(id), 'leaseUntil');
    const before = await leaseUntil();
    await until(async () => {
      await attempts.renew(claim);
      return (await leaseUntil()) !== before;
    });
    await until(() => looks === 2);
    await leave('alive');
    expect(running.has(id)).toBe(false);
  });

  test('is adopted when its worker has left, and no other process of that came in time', async () => {
    await hold('leaving');
    const { id } = await leftRunning({ args: ['sleep', '600'] }, 'leaving');
    const { adoption, running } = adoptionBy('test', undefined, 300);
    await leave('leaving');
    adoption.onLeft();
    await until(() => running.has(id));
  });

  test('is adopted once its name runs out', async () => {
    await hold('dying');
    const { id } = await leftRunning({ args: ['sleep', '600'] }, 'dying');
    const { adoption, running } = adoptionBy('test');
    await adoption.begin();
    expect(running.has(id)).toBe(false);
    await leave('dying');
    await until(() => running.has(id));
  });

  test('that is not started is left to its lease', async () => {
    const id = await ledger.submit({ image: 'shell', args: ['true'] });
    const outcome = await attemptsOf('gone').claim(id, 'a token');
    if (outcome.kind !== 'claimed') throw new Error(outcome.kind);
    const { defaults } = jobDependencies(fake, ledger.attempts);
    await fake.create(
      containerSpec(outcome.claim, IMAGE, testSandbox(), { ...defaults, worker: 'gone' }),
    );
    const { adoption, adopted } = adoptionBy('test');
    await adoption.begin();
    expect(adopted).toEqual([]);
  });
});

test('a job that runs here is not adopted once more', async () => {
  const { id } = await leftRunning({ args: ['sleep', '600'] });
  const { adoption, adopted, running } = adoptionBy('test');
  await adoption.begin();
  await adoption.begin();
  expect(running.has(id)).toBe(true);
  expect(adopted).toHaveLength(1);
});

test('an adopted job can be handed on', async () => {
  const { id, container } = await leftRunning({ args: ['sh', '-c', 'echo x; sleep 600'] });
  const first = adoptionBy('test');
  await first.adoption.begin();
  first.running.stopAll('handed-over');
  await first.adoption.close();
  expect(await fake.inspect(container)).toMatchObject({ status: 'running' });
  const second = adoptionBy('test');
  await second.adoption.begin();
  expect(second.running.has(id)).toBe(true);
});
