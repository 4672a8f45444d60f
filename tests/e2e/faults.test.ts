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

it('takes a running job over when its worker was killed and comes back, ten times in a row', async () => {
  // Each time it has to be back before its lease is over.
  const env = { ...worker('faults-3'), WORKER_CONCURRENCY: '8', WORKER_LEASE_SECONDS: '60' };
  let running = await product.startWorker(env);
  const script = 'for n in $(seq 1 400); do echo line $n; sleep 0.1; done; exit 7';
  // Fill the other worker as well, so that this one has some of the jobs.
  const ids = await Promise.all(Array.from({ length: 6 }, () => submit('sh', '-c', script)));
  await Promise.all(
    ids.map((id) =>
      until(
        () => outputOf(id),
        (text) => text !== '',
      ),
    ),
  );
  const answers = ids.map((id) => getJson(`${product.url}/jobs/${id}?wait=200`));
  for (let round = 0; round < 10; round++) {
    running.kill('SIGKILL');
    await running.exited;
    running = await product.startWorker(env);
  }
  const output = Array.from({ length: 400 }, (_, index) => `line ${index + 1}\n`).join('');
  const records = await Promise.all(answers);
  const workers = records.map(({ attempts }) => (attempts as [{ worker: string }])[0].worker);
  expect(workers).toContain('faults-3');
  for (const record of records) {
    expect(record).toMatchObject({ conclusion: 'FAILURE', exitCode: 7, error: null, output });
    expect(record['attempts']).toHaveLength(1);
  }
});

it('ends the job of a worker that was killed as worker.lost, and removes its container', async () => {
  const doomed = await product.startWorker(worker('faults-2'));
  // Fill the other worker's slots as well, so that the doomed one has some of the jobs.
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
