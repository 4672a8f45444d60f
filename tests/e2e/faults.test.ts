import { listContainers, TEST_IMAGES } from '@conjob/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { getJson, query, until } from '../support/http.ts';
import { type Product, startProduct } from './support/product.ts';

const engine = { socketPath: inject('engineSocket') };
const image = TEST_IMAGES.busybox.tag;
let product: Product;

beforeAll(async () => {
  product = await startProduct();
});
afterAll(async () => {
  await product.stop();
});

const worker = (name: string) => ({
  DOCKER_HOST: `unix://${engine.socketPath}`,
  WORKER_NAME: name,
  WORKER_CONCURRENCY: '4',
});
const submit = async (...args: string[]): Promise<string> => {
  const list = args.map((arg) => `&arg=${encodeURIComponent(arg)}`).join('');
  const job = await getJson(`${product.url}/jobs?${query(image)}${list}`, { method: 'POST' });
  return job['id'] as string;
};
const job = (id: string) => getJson(`${product.url}/jobs/${id}`);
const outputOf = (id: string) =>
  fetch(`${product.url}/jobs/${id}/output`).then((answer) => answer.text());

it('keeps a job that no worker takes, says why it waits, and runs it when one comes', async () => {
  const id = await submit('echo', 'at last');
  expect(await job(id)).toMatchObject({
    state: 'queued',
    waiting: { position: expect.any(Number), reason: expect.stringMatching(/no worker/i) },
  });
  await product.startWorker(worker('faults-1'));
  expect(await getJson(`${product.url}/jobs/${id}?wait=60`)).toMatchObject({
    conclusion: 'SUCCESS',
    output: 'at last\n',
  });
});

it('answers a waiting client, and 503 to a new one, when Redis is gone and comes back', async () => {
  const waiting = fetch(
    `${product.url}/job/run?${query(image)}&arg=sh&arg=-c&arg=${encodeURIComponent('sleep 3; echo survived')}`,
  );
  await until(
    () => getJson(`${product.url}/jobs?state=running`),
    ({ jobs }) => (jobs as unknown[]).length === 1,
  );
  await product.redis.crash();
  const refused = await until(
    () => fetch(`${product.url}/job/run?${query(image)}`),
    ({ status }) => status === 503,
  );
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  expect((await fetch(`${product.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${product.url}/livez`)).status).toBe(200);
  await product.redis.restart();
  const answer = await waiting;
  expect(answer.status).toBe(200);
  expect(await answer.text()).toBe('survived\n');
  await until(
    () => fetch(`${product.url}/readyz`),
    ({ status }) => status === 200,
  );
});

it('ends the job of a worker that was killed as worker.lost, and removes its container', async () => {
  const doomed = await product.startWorker(worker('faults-2'));
  // As many as both have slots, so that the doomed one has some of the jobs.
  const ids = await Promise.all(
    Array.from({ length: 8 }, () => submit('sh', '-c', 'echo begun; sleep 20')),
  );
  const isRunning = ({ state, phase }: Record<string, unknown>) =>
    state === 'running' && phase === 'running';
  await Promise.all(ids.map((id) => until(() => job(id), isRunning)));
  await Promise.all(
    ids.map((id) =>
      until(
        () => outputOf(id),
        (text) => text === 'begun\n',
      ),
    ),
  );
  doomed.kill('SIGKILL');
  await doomed.exited;
  const records = await Promise.all(ids.map((id) => getJson(`${product.url}/jobs/${id}?wait=100`)));
  const workerOf = ({ attempts }: Record<string, unknown>) =>
    (attempts as [{ worker: string }])[0].worker;
  const lost = records.filter((record) => workerOf(record) === 'faults-2');
  expect(lost.length).toBeGreaterThan(0);
  for (const record of lost) {
    expect(record).toMatchObject({
      conclusion: 'UNKNOWN',
      output: 'begun\n',
      error: { code: 'worker.lost' },
    });
  }
  await until(
    () => listContainers(engine),
    (list) => list.every(({ labels }) => labels['conjob.worker'] !== 'faults-2'),
  );
});
