import { createLogger, keys } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { adoptJobs } from './adopt-jobs.ts';
import { containerSpec } from './container-spec.ts';
import { FakeEngine } from './engine/fake/fake-engine.ts';
import { RunningJobs } from './running-jobs.ts';
import { override } from './testing/override.ts';
import { openLedger, type TestJob, type TestLedger } from './testing/test-redis.ts';

const IMAGE = 'docker.io/library/shell:latest';
const HOUR_MS = 3_600_000;
const logger = createLogger({ name: 'worker', level: 'silent' });
const background = { add: (task: () => Promise<void>) => task() };
const defaults = { worker: 'test', installation: 'x', runtime: undefined, maxOutputBytes: 1000 };

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

/** A job as a process of this worker leaves it that is killed while the container runs. */
async function leftRunning(job: Partial<TestJob>) {
  const id = await ledger.submit({ image: 'shell', killTimeoutSeconds: 0, ...job });
  const claim = await ledger.claim(id);
  const container = await fake.create(containerSpec(claim, IMAGE, defaults));
  await ledger.attempts.advance(claim, 'started', 'running', { containerId: container });
  await fake.start(container);
  const hasEnded = async () => (await fake.inspect(container))?.status === 'exited';
  return { id, container, hasEnded: () => until(hasEnded) };
}

async function adopt(engine = override(fake, {})) {
  const { attempts } = ledger;
  const running = new RunningJobs(attempts, logger);
  const ignore = () => {};
  const adopted = await adoptJobs({
    engine,
    attempts,
    running,
    logger,
    background,
    defaults,
    crashPoints: ignore,
    noteUses: ignore,
    onFenced: ignore,
    onEngineAway: ignore,
  });
  return Promise.all(adopted);
}

const resultOf = async (id: string) => (await ledger.submissions.find(id))?.result;

describe('an adopted job whose container', () => {
  test.each([137, 143, 255])(
    'had ended already with %i was ended by its engine or host: it is lost',
    async (code) => {
      const { id, hasEnded } = await leftRunning({ args: ['sh', '-c', `echo x; exit ${code}`] });
      await hasEnded();
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
  ])('had ended already with %i, a code of its own, keeps it', async (exitCode, conclusion) => {
    const { id, hasEnded } = await leftRunning({ args: ['sh', '-c', `exit ${exitCode}`] });
    await hasEnded();
    await adopt();
    expect(await resultOf(id)).toMatchObject({ conclusion, exitCode, error: null });
  });

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
});
