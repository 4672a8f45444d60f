import { TEST_IMAGES } from '@conjob/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { getJson, query } from '../support/http.ts';
import { type Product, startProduct } from './support/product.ts';

let product: Product;
let admin: string;

beforeAll(async () => {
  product = await startProduct();
  [, admin = ''] = await product.api.says(/"adminUrl":"(http:[^"]+)"/);
  const engine = `unix://${inject('engineSocket')}`;
  await product.startWorker({
    DOCKER_HOST: engine,
    WORKER_NAME: 'limits',
    WORKER_CONCURRENCY: '4',
  });
});
afterAll(async () => {
  await product.stop();
});

const set = async (form: string): Promise<string> => {
  const response = await fetch(`${admin}/tasks/config`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form,
  });
  expect(response.status).toBe(200);
  return response.text();
};

/** PID 1 ignores SIGTERM, as under `docker run`: nothing asks for an init process. */
const sleeps = (seconds: number) =>
  fetch(`${product.url}/job/run?${query(TEST_IMAGES.busybox.tag)}&arg=sleep&arg=${seconds}`, {
    headers: { accept: 'application/json' },
  });

it('a job over its time that ends by itself within the kill timeout is a SUCCESS', async () => {
  const before = await set(
    'conjob.job.limit.maxTimeoutSeconds=1&conjob.job.limit.maxKillTimeoutSeconds=10',
  );
  const response = await sleeps(3);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ conclusion: 'SUCCESS', exitCode: 0 });
  await set(before);
});

it('one that does not is TIMED_OUT, with -1 and 408', async () => {
  const before = await set(
    'conjob.job.limit.maxTimeoutSeconds=1&conjob.job.limit.maxKillTimeoutSeconds=1',
  );
  const response = await sleeps(30);
  expect(response.status).toBe(408);
  expect(await response.json()).toMatchObject({ conclusion: 'TIMED_OUT', exitCode: -1 });
  await set(before);
});

it('jobs over the limit wait, say why, and start when there is a place', async () => {
  const before = await set('conjob.job.limit.maxConcurrentRuns=1');
  const submit = () =>
    getJson(`${product.url}/jobs?${query(TEST_IMAGES.busybox.tag)}&arg=sleep&arg=2`, {
      method: 'POST',
    });
  const first = await submit();
  const look = (id: unknown, wait = 0) => getJson(`${product.url}/jobs/${id}?wait=${wait}`);
  await expect.poll(async () => (await look(first['id']))['state']).toBe('running');
  const second = await submit();
  expect(second).toMatchObject({
    state: 'queued',
    waiting: { reason: 'No more than one job may run at once, on all workers together.' },
  });
  const refused = await sleeps(0);
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ conclusion: 'REJECTED', exitCode: -1 });
  expect(await look(second['id'], 60)).toMatchObject({ conclusion: 'SUCCESS' });
  expect((await look(first['id']))['conclusion']).toBe('SUCCESS');
  await set(before);
});

it('/healthcheck is 200 while all is there', async () => {
  const response = await fetch(`${admin}/healthcheck`);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    version: { healthy: true },
    workers: { healthy: true },
  });
});
