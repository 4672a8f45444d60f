import { listContainers, startFaultProxy, startTestRedis, TEST_IMAGES } from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { getJson, query, until } from '../support/http.ts';
import { launch, type ProductProcess } from '../support/start-process.ts';
import { type Product, startProduct } from './support/product.ts';

const DOCKER_HOST = `unix://${inject('engineSocket')}`;
let product: Product;

beforeAll(async () => {
  product = await startProduct();
});
afterAll(async () => {
  await product.stop();
});

const submit = async (...args: string[]): Promise<string> => {
  const list = args.map((arg) => `&arg=${encodeURIComponent(arg)}`).join('');
  const path = `/jobs?${query(TEST_IMAGES.busybox.tag)}${list}`;
  return (await getJson(`${product.url}${path}`, { method: 'POST' }))['id'] as string;
};
const isRunning = (id: string) =>
  until(
    () => getJson(`${product.url}/jobs/${id}`),
    ({ phase }) => phase === 'running',
  );

describe('a worker that is told to stop', () => {
  it('lets a running job end, and leaves the queued ones to others', async () => {
    const worker = await product.startWorker({ DOCKER_HOST, WORKER_CONCURRENCY: '1' });
    const first = await submit('sh', '-c', 'sleep 2; echo done');
    await isRunning(first);
    const second = await submit('echo', 'later');
    expect(await worker.stop()).toBe(0);
    expect(await getJson(`${product.url}/jobs/${first}`)).toMatchObject({ output: 'done\n' });
    expect(await getJson(`${product.url}/jobs/${second}`)).toMatchObject({ state: 'queued' });
  });

  it('leaves a job that takes too long to its next process, which its caller does not notice', async () => {
    const env = { DOCKER_HOST, WORKER_NAME: 'baton', WORKER_LEASE_SECONDS: '30' };
    const first = await product.startWorker({ ...env, WORKER_SHUTDOWN_SECONDS: '1' });
    const script = 'for n in $(seq 1 100); do echo line $n; sleep 0.1; done; exit 7';
    const id = await submit('sh', '-c', script);
    await isRunning(id);
    const answer = getJson(`${product.url}/jobs/${id}?wait=100`);
    expect(await first.stop()).toBe(0);
    expect(await getJson(`${product.url}/jobs/${id}`)).toMatchObject({ state: 'running' });
    const second = await product.startWorker(env);
    await second.says(/adopted a running job/);
    const output = Array.from({ length: 100 }, (_, index) => `line ${index + 1}\n`).join('');
    const record = await answer;
    expect(record).toMatchObject({ conclusion: 'FAILURE', exitCode: 7, error: null, output });
    expect(record['attempts']).toHaveLength(1);
    expect(await second.stop()).toBe(0);
  });

  it('leaves it to another worker of its engine when no next process comes', async () => {
    const first = await product.startWorker({
      DOCKER_HOST,
      WORKER_NAME: 'leaves',
      WORKER_LEASE_SECONDS: '15',
      WORKER_SHUTDOWN_SECONDS: '0',
    });
    const id = await submit('sh', '-c', 'echo begun; sleep 12; exit 7');
    await isRunning(id);
    const other = await product.startWorker({
      DOCKER_HOST,
      WORKER_NAME: 'stays',
      WORKER_LEASE_SECONDS: '15',
    });
    expect(await first.stop()).toBe(0);
    expect(await getJson(`${product.url}/jobs/${id}?wait=100`)).toMatchObject({
      conclusion: 'FAILURE',
      exitCode: 7,
      output: 'begun\n',
      attempts: [{ worker: 'stays' }],
    });
    expect(await other.stop()).toBe(0);
  });

  it('stops its jobs at once when it is told a second time, and says so in their records', async () => {
    const worker = await product.startWorker({ DOCKER_HOST, WORKER_SHUTDOWN_SECONDS: '3600' });
    const id = await submit('sh', '-c', 'echo begun; sleep 3600');
    await isRunning(id);
    worker.kill('SIGTERM');
    await worker.says(/shutting down/);
    expect(await worker.stop()).toBe(0);
    expect(await getJson(`${product.url}/jobs/${id}`)).toMatchObject({
      conclusion: 'UNKNOWN',
      error: { code: 'worker.stopped' },
    });
  });

  it('ends in time although its engine is mute', async () => {
    const link = await startFaultProxy({
      target: { path: inject('engineSocket') },
      listen: 'unix',
    });
    const { path } = link.address as { path: string };
    const worker = await product.startWorker({
      DOCKER_HOST: `unix://${path}`,
      WORKER_SHUTDOWN_SECONDS: '0',
      // Nobody else shall end what the engine has to make when it answers again.
      WORKER_REAPER: 'none',
    });
    await link.set('blackhole');
    const id = await submit('echo', 'hi');
    await until(
      () => getJson(`${product.url}/jobs/${id}`),
      ({ state }) => state === 'running',
    );
    expect(await worker.stop()).toBe(0);
    await link.stop();
  });
});

describe('a worker that was silent for longer than its lease', () => {
  const env = { DOCKER_HOST, WORKER_NAME: 'sleeper', WORKER_LEASE_SECONDS: '5' };
  const containersOf = async (id: string) =>
    (await listContainers({ socketPath: inject('engineSocket') })).filter(
      ({ labels }) => labels['conjob.job'] === id,
    );

  const freeze = (worker: ProductProcess) => {
    worker.kill('SIGSTOP');
    // Whatever goes wrong: one that sleeps can't be stopped.
    onTestFinished(() => worker.kill('SIGCONT'));
  };

  it('finds its job ended and its container gone when it wakes, and goes on with others', async () => {
    const worker = await product.startWorker(env);
    const id = await submit('sh', '-c', 'echo begun; sleep 600');
    await isRunning(id);
    freeze(worker);
    const record = await getJson(`${product.url}/jobs/${id}?wait=100`);
    expect(record).toMatchObject({ conclusion: 'UNKNOWN', error: { code: 'worker.lost' } });
    await until(
      () => containersOf(id),
      (left) => left.length === 0,
    );
    worker.kill('SIGCONT');
    const next = await submit('echo', 'awake');
    expect(await getJson(`${product.url}/jobs/${next}?wait=100`)).toMatchObject({
      output: 'awake\n',
    });
    expect(await getJson(`${product.url}/jobs/${id}`)).toEqual(record);
    expect(await worker.stop()).toBe(0);
  });

  it('ends when it wakes and another process has its name by then', async () => {
    const first = await product.startWorker(env);
    freeze(first);
    await product.startWorker(env);
    first.kill('SIGCONT');
    expect(await first.exited).toBe(1);
    expect(first.output()).toMatch(/workers are named sleeper/);
  });
});

describe('a worker without', () => {
  const REFUSING = 'redis://127.0.0.1:1';
  const launchWorker = (env: Record<string, string>) => {
    const worker = launch('worker', env);
    // Whatever goes wrong: no process of a test outlives it.
    onTestFinished(() => worker.kill('SIGKILL'));
    return worker;
  };

  it('Redis ends when it is told to', async () => {
    const worker = launchWorker({ DOCKER_HOST, REDIS_URL: REFUSING });
    await worker.says(/ECONNREFUSED/);
    expect(await worker.stop()).toBe(0);
  });

  it('an engine ends when it is told to', async () => {
    const redis = await startTestRedis();
    try {
      const env = { DOCKER_HOST: 'unix:///nowhere/docker.sock', REDIS_URL: redis.url };
      const worker = launchWorker(env);
      await worker.says(/does not answer/);
      expect(await worker.stop()).toBe(0);
    } finally {
      await redis.stop();
    }
  });

  it('Redis that is gone for good ends when it is told to', async () => {
    const redis = await startTestRedis();
    const worker = launchWorker({ DOCKER_HOST, REDIS_URL: redis.url });
    await worker.says(/worker is ready/);
    await redis.crash();
    expect(await worker.stop()).toBe(0);
    await redis.stop();
  });
});
