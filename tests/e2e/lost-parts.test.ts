import { dataOf, waitForJob } from '@conjob/client';
import { listContainers, startFaultProxy } from '@conjob/testkit';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { BUSYBOX, until } from '../support/http.ts';
import { type Product, startProduct } from './support/product.ts';

const engine = { socketPath: inject('engineSocket') };
let product: Product;

beforeEach(async () => {
  product = await startProduct();
});
afterEach(async () => {
  await product.stop();
});

const submit = async (...args: string[]): Promise<string> => {
  const body = { ...BUSYBOX, args };
  return (await dataOf(product.client.POST('/jobs', { body }))).id;
};

it('a job whose only worker is gone ends all the same, and its caller gets an answer', async () => {
  const worker = await product.startWorker({
    DOCKER_HOST: `unix://${engine.socketPath}`,
    WORKER_NAME: 'only',
    WORKER_LEASE_SECONDS: '5',
  });
  const id = await submit('sh', '-c', 'echo begun; sleep 600');
  await until(
    () => fetch(`${product.url}/jobs/${id}/output`).then((answer) => answer.text()),
    (output) => output === 'begun\n',
  );
  worker.kill('SIGKILL');
  expect(await waitForJob(product.client, id)).toMatchObject({
    conclusion: 'UNKNOWN',
    output: 'begun\n',
    outputBytes: 6,
    error: { code: 'worker.lost' },
  });
  await until(
    () => listContainers(engine),
    (list) => list.every(({ labels }) => labels['conjob.job'] !== id),
  );
});

it('jobs go to the worker whose engine answers when the other one’s does not', async () => {
  const link = await startFaultProxy({ target: { path: engine.socketPath }, listen: 'unix' });
  try {
    const { path } = link.address as { path: string };
    const concurrency = { WORKER_CONCURRENCY: '1' };
    await product.startWorker({
      DOCKER_HOST: `unix://${path}`,
      WORKER_NAME: 'cut-off',
      ...concurrency,
    });
    await product.startWorker({
      DOCKER_HOST: `unix://${engine.socketPath}`,
      WORKER_NAME: 'connected',
      ...concurrency,
    });
    await link.set('refuse');
    link.cut();
    const ids = await Promise.all(
      Array.from({ length: 10 }, (_, index) => submit('echo', String(index))),
    );
    const jobs = await Promise.all(ids.map((id) => waitForJob(product.client, id)));
    expect(jobs).toEqual(
      ids.map((_, index) =>
        expect.objectContaining({ conclusion: 'SUCCESS', output: `${index}\n` }),
      ),
    );
    await link.set('pass');
  } finally {
    await link.stop();
  }
});
