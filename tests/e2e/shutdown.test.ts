import { startTestRedis, TEST_IMAGES } from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { getJson, query, until } from '../support/http.ts';
import { launch } from '../support/start-process.ts';
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

  it('stops a job that takes too long, and says so in its record', async () => {
    const worker = await product.startWorker({ DOCKER_HOST, WORKER_SHUTDOWN_SECONDS: '0' });
    const id = await submit('sh', '-c', 'echo begun; sleep 60');
    await isRunning(id);
    expect(await worker.stop()).toBe(0);
    expect(await getJson(`${product.url}/jobs/${id}`)).toMatchObject({
      conclusion: 'UNKNOWN',
      error: { code: 'worker.stopped' },
    });
  });

  it('does not wait any longer when it is told a second time', async () => {
    const worker = await product.startWorker({ DOCKER_HOST, WORKER_SHUTDOWN_SECONDS: '3600' });
    const id = await submit('sleep', '3600');
    await isRunning(id);
    worker.kill('SIGTERM');
    await worker.says(/shutting down/);
    expect(await worker.stop()).toBe(0);
  });
});

describe('a worker that was silent for too long', () => {
  it('ends when it wakes, and leaves its jobs to the process that has its name by then', async () => {
    // Its jobs must outlive its name, which runs out after 15 seconds.
    const env = { DOCKER_HOST, WORKER_NAME: 'sleeper', WORKER_LEASE_SECONDS: '60' };
    const first = await product.startWorker(env);
    const script = 'for n in $(seq 1 300); do echo line $n; sleep 0.1; done; exit 7';
    const id = await submit('sh', '-c', script);
    await isRunning(id);
    first.kill('SIGSTOP');
    await product.startWorker(env);
    first.kill('SIGCONT');
    expect(await first.exited).toBe(1);
    expect(first.output()).toMatch(/Another worker is named sleeper/);
    const output = Array.from({ length: 300 }, (_, index) => `line ${index + 1}\n`).join('');
    expect(await getJson(`${product.url}/jobs/${id}?wait=100`)).toMatchObject({
      conclusion: 'FAILURE',
      exitCode: 7,
      error: null,
      output,
    });
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
