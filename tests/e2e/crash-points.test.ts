import { listContainers, TEST_IMAGES } from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { getJson, until } from '../support/http.ts';
import { type Product, startProduct } from './support/product.ts';

const engine = { socketPath: inject('engineSocket') };
const ids: string[] = [];
let product: Product;

beforeAll(async () => {
  product = await startProduct();
});
afterAll(async () => {
  await product.stop();
});

async function submit(script: string): Promise<string> {
  const spec = {
    image: TEST_IMAGES.busybox.tag,
    args: ['sh', '-c', script],
    pull: 'never',
    remove: true,
    labels: { deadly: 'yes' },
  };
  const job = await getJson(`${product.url}/jobs`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(spec),
  });
  ids.push(job['id'] as string);
  return job['id'] as string;
}

/** Kills a worker at the point, starts it again, and returns how the job ended. */
async function dieAt(point: string, leaseSeconds: number) {
  const env = {
    DOCKER_HOST: `unix://${engine.socketPath}`,
    WORKER_NAME: `dies-${point}`,
    WORKER_LEASE_SECONDS: String(leaseSeconds),
  };
  const doomed = await product.startWorker({
    ...env,
    CONJOB_CRASH_AT: point,
    CONJOB_CRASH_LABEL: 'deadly=yes',
  });
  const id = await submit('echo attempt $CONJOB_ATTEMPT; sleep 0.5; exit 7');
  expect(await doomed.exited).toBeNull();
  const next = await product.startWorker(env);
  const record = await getJson(`${product.url}/jobs/${id}?wait=100`);
  expect(await next.stop()).toBe(0);
  return record;
}

describe('a job whose worker dies', () => {
  it.each(['claimed', 'pulled', 'created'])(
    'when it is %s is run again, once nobody can have it any more',
    async (point) => {
      const record = await dieAt(point, 3);
      expect(record).toMatchObject({ conclusion: 'FAILURE', exitCode: 7, output: 'attempt 2\n' });
      expect(record['attempts']).toHaveLength(2);
    },
  );

  it.each(['started', 'running', 'exited', 'collected', 'recorded', 'removed'])(
    'when it is %s ends as if nothing had happened',
    async (point) => {
      // It has to be back before its lease is over.
      const record = await dieAt(point, 20);
      expect(record).toMatchObject({
        conclusion: 'FAILURE',
        exitCode: 7,
        error: null,
        output: 'attempt 1\n',
        outputTruncated: false,
      });
      expect(record['attempts']).toHaveLength(1);
    },
  );

  it('leaves no container behind, wherever that was', async () => {
    // A reaper clears away what nobody's job is any more.
    const worker = await product.startWorker({ DOCKER_HOST: `unix://${engine.socketPath}` });
    await until(
      () => listContainers(engine),
      (left) => !left.some(({ labels }) => ids.includes(labels['conjob.job'] ?? '')),
    );
    expect(await worker.stop()).toBe(0);
  });
});
