import { createLogger, keys, loadConfig, Workers } from '@conjob/shared';
import { startTestEngine, TEST_IMAGES, type TestEngine, until } from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { closeIdleConnections } from './testing/services.ts';
import { openQueue, type TestQueue } from './testing/test-queue.ts';
import { openLedger, type TestJob, type TestLedger } from './testing/test-redis.ts';
import { workerReport } from './testing/worker-report.ts';
import { NameTakenError, type RunningWorker, startWorker, workerConfigSchema } from './worker.ts';
import { WorkerName } from './worker-name.ts';

const IMAGE = TEST_IMAGES.busybox.tag;
const logger = createLogger({ name: 'worker', level: 'silent' });
closeIdleConnections();

let ledger: TestLedger;
let queue: TestQueue;
let engine: TestEngine;
const workers: RunningWorker[] = [];

async function start(name: string, socket: string, more = {}): Promise<RunningWorker> {
  const config = loadConfig(workerConfigSchema, {
    REDIS_URL: ledger.server.url,
    DOCKER_HOST: `unix://${socket}`,
    WORKER_NAME: name,
    WORKER_CONCURRENCY: '2',
    ...more,
  });
  return startWorker(config, logger, new AbortController().signal);
}

async function submit(job: Partial<TestJob>): Promise<string> {
  const id = await ledger.submit({ image: IMAGE, remove: true, ...job });
  await queue.add(id);
  return id;
}

async function finished(id: string) {
  const find = () => ledger.submissions.find(id);
  await until(async () => (await find())?.state === 'finished');
  return find();
}

beforeAll(async () => {
  [ledger, engine] = await Promise.all([openLedger(), startTestEngine()]);
  queue = await openQueue(ledger.redis);
  workers.push(await start('one', inject('engineSocket')), await start('two', engine.socketPath));
});

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.close()));
  await queue.close();
  await ledger.close();
  await engine.stop();
});

describe('two workers with an engine each', () => {
  test('share the jobs of one queue, and the records say who ran what', async () => {
    // Each of these waits for more of its kind than one worker takes at a time.
    const ids = await Promise.all(
      Array.from({ length: 4 }, () => submit({ args: ['sleep', '600'], killTimeoutSeconds: 0 })),
    );
    const phases = async () =>
      Promise.all(ids.map((id) => ledger.submissions.find(id).then((it) => it?.phase)));
    await until(async () => (await phases()).every((phase) => phase === 'running'));
    await Promise.all(ids.map((id) => ledger.submissions.cancel(id, 'enough')));
    const records = await Promise.all(ids.map(finished));
    expect(records.map((record) => record?.result?.conclusion)).toEqual(ids.map(() => 'CANCELLED'));
    const names = records.map((record) => record?.attempts.map(({ worker }) => worker).join());
    expect(names.sort()).toEqual(['one', 'one', 'two', 'two']);
  });

  test('run jobs with their input and output', async () => {
    const id = await submit({ args: ['cat'], input: Buffer.from('through and through') });
    expect((await finished(id))?.result).toMatchObject({ conclusion: 'SUCCESS', exitCode: 0 });
    expect((await ledger.output(id)).stdout).toBe('through and through');
  });

  test('are both seen to live, each with its engine and slots', async () => {
    const seen = await new Workers(ledger.redis).list();
    expect(seen).toMatchObject([
      { name: 'one', state: 'ready', slots: 2, labels: {}, pid: process.pid },
      { name: 'two', state: 'ready', slots: 2, labels: {}, pid: process.pid },
    ]);
    expect(seen[0]?.engine.id).not.toBe(seen[1]?.engine.id);
  });

  test('have names of their own: nobody else can have one while its process lives', async () => {
    const identity = { host: 'elsewhere', pid: 7, boot: '', pidNamespace: '' };
    const report = () => workerReport({ name: 'taken' });
    const { redis } = ledger;
    const taken = new WorkerName({ redis, name: 'taken', leaseMs: 30_000, report, identity });
    await taken.take(new AbortController().signal);
    const renewals = setInterval(() => void taken.renew(), 50);
    const refused = start('taken', engine.socketPath);
    await expect(refused).rejects.toBeInstanceOf(NameTakenError);
    await expect(refused).rejects.toThrow('process 7 on elsewhere');
    clearInterval(renewals);
    await taken.giveBack();
  });
});

test('a worker that closes ends what runs beyond the grace, and is gone from the living', async () => {
  const third = await start('three', engine.socketPath, {
    WORKER_SHUTDOWN_SECONDS: '0',
    WORKER_CONCURRENCY: '1',
  });
  await Promise.all(workers.splice(0).map((worker) => worker.close()));
  const id = await submit({ args: ['sleep', '600'], killTimeoutSeconds: 0 });
  await until(async () => (await ledger.submissions.find(id))?.phase === 'running');
  await third.close();
  const result = (await finished(id))?.result;
  expect(result).toMatchObject({ conclusion: 'UNKNOWN', error: { code: 'worker.stopped' } });
  expect(await ledger.redis.zcard(keys.workers)).toBe(0);
});
