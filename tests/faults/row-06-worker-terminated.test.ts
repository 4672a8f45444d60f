import { expect } from 'vitest';
import { LABELLED_HOSTS, on } from './support/cluster/by-host.ts';
import { faultRow } from './support/fault-row.ts';
import { lines } from './support/load/script.ts';
import type { Stage } from './support/stage.ts';
import { comesTrue, runningOn } from './support/witness/controls.ts';

const EXIT_CODE = 7;

faultRow(
  {
    row: '6 handed over',
    fault: 'SIGTERM worker with jobs that take longer than its grace, then started again',
    cluster: {
      leaseSeconds: 30,
      workerEnv: LABELLED_HOSTS.map((env) => ({ ...env, WORKER_SHUTDOWN_SECONDS: '1' })),
    },
  },
  async (stage) => {
    const { cluster, load, control, recovery } = stage;
    const [worker] = cluster.workers;
    const { clients, jobs } = await occupy(stage, 100);
    await endWorker(stage);
    const running = await Promise.all(jobs.map((job) => runningOn(worker.engine, job)));
    await control('its containers run on without it', !running.includes(false));
    const printed = () =>
      Promise.all(jobs.map(async (job) => (await load.get(`/jobs/${job}/output`)).length));
    const before = await printed();
    await recovery(async () => {
      await worker.start();
      const areRead = async () =>
        (await printed()).every((count, index) => count > (before[index] ?? 0));
      expect(await comesTrue(areRead)).toBe(true);
    });
    await load.end();
    for (const { operation } of clients) expect(operation.answer).toMatchObject(OWN_END);
  },
);

faultRow(
  {
    row: '6 drained',
    fault: 'SIGTERM worker with jobs that end within its grace',
    cluster: {
      workerEnv: LABELLED_HOSTS.map((env) => ({ ...env, WORKER_SHUTDOWN_SECONDS: '60' })),
    },
  },
  async (stage) => {
    const { cluster, load, runs, control, recovery } = stage;
    const [worker, other] = cluster.workers;
    const { clients, jobs } = await occupy(stage, 30);
    const stopped = endWorker(stage).then(() => Date.now());
    // Of the jobs that come meanwhile it takes none.
    await worker.process.says(/shutting down/);
    const signalledAt = Date.now();
    const mix = load.mix({ jobs: 6, kinds: ['short', 'failing'] });
    await mix;
    const goneAt = await stopped;
    const own = runs().filter(({ job }) => jobs.includes(job));
    const haveEnded = own.length === jobs.length && own.every(({ until }) => until < goneAt);
    await control('its jobs have ended when it is gone', haveEnded);
    await load.end();
    for (const { operation } of clients) expect(operation.answer).toMatchObject(OWN_END);
    const later = runs().filter(({ job, from }) => from > signalledAt && !jobs.includes(job));
    expect(later.map(({ engine }) => engine)).toEqual(later.map(() => other.name));
    await recovery(() => worker.start());
  },
);

const OWN_END = { conclusion: 'FAILURE', exitCode: EXIT_CODE };

/** Two jobs run on the first worker, and their clients wait. */
async function occupy({ cluster, load, control }: Stage, count: number) {
  const [worker] = cluster.workers;
  const clients = Array.from({ length: 2 }, () => {
    const key = load.newKey();
    const script = lines(key, count, 0.2, EXIT_CODE);
    return load.run({ key, mode: 'sync', script, spec: on(worker) });
  });
  const jobs = await load.jobIds(clients);
  const running = await Promise.all(jobs.map((job) => runningOn(worker.engine, job)));
  await control('containers run on the worker', !running.includes(false));
  return { clients, jobs };
}

async function endWorker({ cluster, control, figures }: Stage): Promise<void> {
  const [worker] = cluster.workers;
  const from = performance.now();
  const exitCode = await worker.terminate();
  figures['exit'] = `${exitCode} after ${Math.round(performance.now() - from)} ms`;
  expect(exitCode).toBe(0);
  await control('the worker has ended', worker.process.hasExited());
}
