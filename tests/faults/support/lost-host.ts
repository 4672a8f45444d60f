import { expect } from 'vitest';
import { on } from './cluster/by-host.ts';
import type { WorkerPart } from './cluster/cluster.ts';
import type { Operation } from './load/operation.ts';
import { lines } from './load/script.ts';
import type { Stage } from './stage.ts';
import { comesTrue, runningOn } from './witness/controls.ts';

const EXIT_CODE = 7;
/** From the end of the lease to the last word on a job that nobody has any more. */
const RECORDED_MS = 5_000;

/** A host that is about to be lost, and the jobs that tell what came of that. */
export interface DoomedHost {
  readonly worker: WorkerPart;
  readonly other: WorkerPart;
  /** Runs there, and wants nothing else than to be run once. */
  readonly once: RunningJob;
  /** Runs there, and asks to be run again when its worker is lost. */
  readonly again: RunningJob;
  /** Runs on the other host. */
  readonly bystander: RunningJob;
}

interface RunningJob {
  readonly operation: Operation;
  /** When its client was told, by the clock of the test. */
  readonly ended: Promise<number>;
}

/** For rows whose `workerEnv` is `LABELLED_HOSTS`. All jobs run when it resolves. */
export async function occupyHosts(stage: Stage): Promise<DoomedHost> {
  const { cluster, load, control } = stage;
  const again = start(stage, 50, { retry: { maxAttempts: 2 } });
  const [id = ''] = await load.jobIds([again]);
  await comesTrue(() => runsOf(stage, id).length > 0);
  const isThere = ({ name }: WorkerPart) => runsOf(stage, id)[0]?.engine === name;
  const [north, south] = cluster.workers;
  const [worker, other] = isThere(north) ? [north, south] : [south, north];
  const once = start(stage, 500, on(worker));
  const bystander = start(stage, 100, on(other));
  const jobs = await load.jobIds([once, bystander]);
  const running = await Promise.all([
    runningOn(worker.engine, id),
    runningOn(worker.engine, jobs[0]),
    runningOn(other.engine, jobs[1]),
  ]);
  await control('containers run on both hosts', !running.includes(false));
  return { worker, other, once, again, bystander };
}

/**
 * Waits for the end of all jobs. Nobody could follow those on the lost host: their containers ended
 * with their lease, and only the one that asked for it was run again, elsewhere.
 */
export async function expectLoss(stage: Stage, host: DoomedHost, lostAt: number): Promise<void> {
  const { cluster, load, runs, figures } = stage;
  const { worker, once } = host;
  const tookMs = (await once.ended) - lostAt;
  figures['ended as lost after'] = `${tookMs} ms`;
  expect(tookMs).toBeLessThan(cluster.leaseMs + RECORDED_MS);
  await load.end();

  const lived = runs()
    .filter(({ engine, from }) => engine === worker.name && from < lostAt)
    .map(({ until }) => until - lostAt);
  figures['last container dead after'] = `${Math.round(Math.max(...lived))} ms`;
  expect(Math.max(...lived)).toBeLessThan(cluster.leaseMs);

  await expectOnlyRetried(stage, host);
}

/** All jobs have ended, on the host or elsewhere, as each asked for. */
export async function expectOnlyRetried({ load }: Stage, host: DoomedHost): Promise<void> {
  const { worker, other, once, again, bystander } = host;
  await load.end();
  const isLost = { conclusion: 'UNKNOWN', error: { code: 'worker.lost' } };
  expect(once.operation.view).toMatchObject({ ...isLost, attempts: [{ worker: worker.name }] });
  expect(again.operation.view).toMatchObject({
    error: null,
    exitCode: EXIT_CODE,
    attempts: [{ worker: worker.name }, { worker: other.name }],
  });
  const others = load.operations.filter((one) => one !== once.operation);
  for (const { view } of others) expect(view?.error).toBeNull();
  expect(bystander.operation.view).toMatchObject({ attempts: [{ worker: other.name }] });
}

/** From now, when the host is healed, until it has run a job again. */
export async function recoverHost({ load, recovery }: Stage, { worker }: DoomedHost) {
  const key = load.newKey();
  await recovery(() => load.run({ key, script: lines(key, 1), spec: on(worker) }).ended);
}

function start({ load }: Stage, count: number, spec: object): RunningJob {
  const key = load.newKey();
  const script = lines(key, count, 0.2, EXIT_CODE);
  const { operation, ended } = load.run({ key, mode: 'sync', script, spec });
  return { operation, ended: ended.then(() => Date.now()) };
}

function runsOf({ runs }: Stage, job: string) {
  return runs().filter((run) => run.job === job);
}
