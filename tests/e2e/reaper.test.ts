import { dataOf, waitForJob } from '@conjob/client';
import { callEngine, isAlive } from '@conjob/provision';
import { connectPatient, disconnect, keys } from '@conjob/shared';
import { listContainers, processesOf } from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { BUSYBOX, until } from '../support/http.ts';
import type { ProductProcess } from '../support/start-process.ts';
import { type Product, startProduct } from './support/product.ts';

const engine = { socketPath: inject('engineSocket') };
let product: Product;
let redis: ReturnType<typeof connectPatient>;
let started = 0;

beforeAll(async () => {
  product = await startProduct();
  redis = connectPatient(product.redis.url);
});
afterAll(async () => {
  await disconnect(redis);
  await product.stop();
});

interface Started {
  readonly worker: ProductProcess;
  readonly name: string;
  /** Pids of what the worker has started, whoever their parent is by now. */
  reapers(): number[];
}

async function start(env: Readonly<Record<string, string>> = {}): Promise<Started> {
  started += 1;
  const name = `reaped-${process.pid}-${started}`;
  const worker = await product.startWorker({
    DOCKER_HOST: `unix://${engine.socketPath}`,
    WORKER_NAME: name,
    WORKER_LEASE_SECONDS: '5',
    ...env,
  });
  const reapers = () =>
    processesOf(`WORKER_NAME=${name}`).filter((pid) => pid !== worker.pid && isAlive(pid));
  await worker.says(/reaper is ready/);
  return { worker, name, reapers };
}

async function runningJob(): Promise<string> {
  const body = { ...BUSYBOX, args: ['sleep', '600'] };
  const { id } = await dataOf(product.client.POST('/jobs', { body }));
  await until(
    () => dataOf(product.client.GET('/jobs/{id}', { params: { path: { id } } })),
    (job) => 'phase' in job && job.phase === 'running',
  );
  await until(
    () => containersOf([id]),
    (list) => list.some(({ state }) => state === 'running'),
  );
  return id;
}

const containersOf = async (jobs: readonly string[]) =>
  (await listContainers(engine)).filter(({ labels }) => jobs.includes(labels['conjob.job'] ?? ''));
const leaseUntil = async (job: string) => Number(await redis.hget(keys.job(job), 'leaseUntil'));

/** Waits until the containers of these jobs have ended, and returns when each did. */
async function endsOf(jobs: readonly string[]): Promise<Map<string, number>> {
  const list = await until(
    () => containersOf(jobs),
    (found) => found.every(({ state }) => state === 'exited'),
  );
  const ends = list.map(async ({ id, labels }) => {
    const { body } = await callEngine(engine.socketPath, `/containers/${id}/json`);
    const { State } = JSON.parse(body) as { State: { FinishedAt: string } };
    return [labels['conjob.job'] ?? '', Date.parse(State.FinishedAt)] as const;
  });
  return new Map(await Promise.all(ends));
}

const WORKER_LOST = { conclusion: 'UNKNOWN', error: { code: 'worker.lost' } };

describe('a worker that is killed and never comes back', () => {
  it('leaves nothing: containers end before their lease, all is removed, and its reaper ends', async () => {
    const { worker, reapers } = await start();
    const jobs = await Promise.all([runningJob(), runningJob(), runningJob()]);
    worker.kill('SIGKILL');
    await worker.exited;
    const leases = await Promise.all(jobs.map(leaseUntil));
    expect(reapers()).toHaveLength(1);
    const ends = await endsOf(jobs);
    for (const [index, job] of jobs.entries())
      expect(ends.get(job)).toBeLessThan(leases[index] ?? 0);
    for (const job of jobs) {
      expect(await waitForJob(product.client, job)).toMatchObject(WORKER_LOST);
    }
    await until(
      () => containersOf(jobs),
      (list) => list.length === 0,
    );
    await until(
      async () => reapers(),
      (pids) => pids.length === 0,
    );
  });
});

describe('a worker that is told to stop', () => {
  it('takes its reaper along when nothing runs', async () => {
    const { worker, reapers } = await start();
    expect(reapers()).toHaveLength(1);
    expect(await worker.stop()).toBe(0);
    await until(
      async () => reapers(),
      (pids) => pids.length === 0,
    );
  });

  it('has no reaper when another service does its work', async () => {
    const name = `without-${process.pid}`;
    await product.startWorker({
      DOCKER_HOST: `unix://${engine.socketPath}`,
      WORKER_NAME: name,
      WORKER_REAPER: 'none',
    });
    expect(processesOf(`WORKER_NAME=${name}`)).toHaveLength(1);
  });
});
