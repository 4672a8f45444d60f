import { dataOf, waitForJob } from '@conjob/client';
import { startTestEngine, type TestEngine } from '@conjob/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { BUSYBOX } from '../support/http.ts';
import { type Product, startProduct } from './support/product.ts';

let product: Product;
let secondEngine: TestEngine;

beforeAll(async () => {
  secondEngine = await startTestEngine();
  product = await startProduct();
});
afterAll(async () => {
  await product.stop();
  await secondEngine.stop();
});

it('spreads jobs over all workers, and tells who ran what', async () => {
  const engines = [inject('engineSocket'), secondEngine.socketPath];
  const names = ['north', 'south'];
  await Promise.all(
    engines.map((socket, index) =>
      product.startWorker({
        DOCKER_HOST: `unix://${socket}`,
        WORKER_NAME: names[index] ?? '',
        WORKER_CONCURRENCY: '1',
      }),
    ),
  );
  const jobs = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const body = { ...BUSYBOX, args: ['sleep', '1'] };
      const { id } = await dataOf(product.client.POST('/jobs', { body }));
      return waitForJob(product.client, id);
    }),
  );
  expect(jobs).toEqual(jobs.map(() => expect.objectContaining({ conclusion: 'SUCCESS' })));
  const workers = jobs.map(({ attempts }) => attempts[0]?.worker);
  expect(new Set(workers)).toEqual(new Set(names));
});

it('refuses a second worker of the same name, and names both', async () => {
  const env = { DOCKER_HOST: `unix://${secondEngine.socketPath}`, WORKER_NAME: 'south' };
  await expect(product.startWorker(env)).rejects.toThrow(
    /Two workers are named south: process \d+ on \S+ has the name, and process \d+ on \S+ wants it\./,
  );
});
