import { waitForJob } from '@conjob/client';
import { listContainers, TEST_IMAGES } from '@conjob/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { getJson, query, until } from '../support/http.ts';
import { type Product, startProduct } from './support/product.ts';

const engine = { socketPath: inject('engineSocket') };
let product: Product;

beforeAll(async () => {
  product = await startProduct();
  await product.startWorker({
    DOCKER_HOST: `unix://${engine.socketPath}`,
    WORKER_LEASE_SECONDS: '6',
    // What ends here, the worker has ended.
    WORKER_REAPER: 'none',
  });
});
afterAll(async () => {
  await product.stop();
});

async function submit(script: string): Promise<string> {
  const args = ['sh', '-c', script].map((arg) => `&arg=${encodeURIComponent(arg)}`).join('');
  const path = `/jobs?${query(TEST_IMAGES.busybox.tag)}${args}`;
  const id = (await getJson(`${product.url}${path}`, { method: 'POST' }))['id'] as string;
  await until(
    () => fetch(`${product.url}/jobs/${id}/output`).then((answer) => answer.text()),
    (text) => text === 'begun\n',
  );
  return id;
}

/** Redis is back, and the API knows it. */
async function endOutage(): Promise<void> {
  await product.redis.restart();
  await until(
    () => fetch(`${product.url}/readyz`),
    ({ status }) => status === 200,
  );
}

const running = async (id: string) =>
  (await listContainers(engine)).filter(
    ({ labels, state }) => labels['conjob.job'] === id && state === 'running',
  );

it('a job outlives an outage of Redis that is shorter than its lease', async () => {
  const id = await submit('echo begun; sleep 4; echo done');
  await product.redis.crash();
  await endOutage();
  expect(await getJson(`${product.url}/jobs/${id}?wait=100`)).toMatchObject({
    conclusion: 'SUCCESS',
    output: 'begun\ndone\n',
  });
});

it('is ended by its worker in one that lasts longer, and recorded as lost when Redis is back', async () => {
  const id = await submit('echo begun; sleep 600');
  await product.redis.crash();
  await until(
    () => running(id),
    (left) => left.length === 0,
  );
  await endOutage();
  expect(await getJson(`${product.url}/jobs/${id}?wait=100`)).toMatchObject({
    conclusion: 'UNKNOWN',
    output: 'begun\n',
    error: { code: 'worker.lost', message: expect.stringContaining('Redis') },
  });
});

it('a job that ends while Redis is away is recorded when it is back', async () => {
  const id = await submit('echo begun; sleep 1; exit 5');
  await product.redis.crash();
  await until(
    () => running(id),
    (left) => left.length === 0,
  );
  await endOutage();
  expect(await getJson(`${product.url}/jobs/${id}?wait=100`)).toMatchObject({
    conclusion: 'FAILURE',
    exitCode: 5,
    error: null,
    output: 'begun\n',
  });
});

it('a client that waits for a job is told its end also when Redis was away in between', async () => {
  const id = await submit('echo begun; sleep 3; echo done');
  await product.redis.crash();
  expect((await fetch(`${product.url}/jobs/${id}`)).status).toBe(503);
  const waiting = waitForJob(product.client, id);
  const given = new AbortController();
  const givenUp = waitForJob(product.client, id, { signal: given.signal });
  given.abort(new Error('enough'));
  await expect(givenUp).rejects.toThrow('enough');
  await endOutage();
  expect(await waiting).toMatchObject({ conclusion: 'SUCCESS', output: 'begun\ndone\n' });
});
