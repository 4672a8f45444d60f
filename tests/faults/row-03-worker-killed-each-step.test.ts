import { keys } from '@conjob/shared';
import { listContainers } from '@conjob/testkit';
import { expect } from 'vitest';
import { LABELLED_HOSTS, on } from './support/cluster/by-host.ts';
import type { WorkerPart } from './support/cluster/cluster.ts';
import { faultRow } from './support/fault-row.ts';
import type { Operation } from './support/load/operation.ts';
import { lines } from './support/load/script.ts';
import type { Stage } from './support/stage.ts';
import { comesTrue, runningOn } from './support/witness/controls.ts';

interface Step {
  /** Where `CONJOB_CRASH_AT` kills the worker. */
  readonly point: string;
  /** What its death leaves: the job in the ledger, and its container. */
  readonly leaves: RegExp;
  /** Before the start another attempt runs the job; from then on there is one only. */
  readonly attempts: 1 | 2;
}

/** Each host takes those that take long, and those that do not, in turn. */
const STEPS: readonly Step[] = [
  { point: 'claimed', leaves: /^running claimed, no container$/, attempts: 2 },
  { point: 'pulled', leaves: /^running claimed, no container$/, attempts: 2 },
  { point: 'created', leaves: /^running claimed, created container$/, attempts: 2 },
  { point: 'started', leaves: /^running started, created container$/, attempts: 1 },
  { point: 'running', leaves: /^running started, (running|exited) container$/, attempts: 1 },
  { point: 'exited', leaves: /^running started, exited container$/, attempts: 1 },
  { point: 'collected', leaves: /^running (started|exited), exited container$/, attempts: 1 },
  { point: 'recorded', leaves: /^finished \w+, exited container$/, attempts: 1 },
  { point: 'removed', leaves: /^finished \w+, no container$/, attempts: 1 },
];
const DEADLY = 'deadly=yes';
const EXIT_CODE = 7;

faultRow(
  {
    row: '3',
    fault: 'kill -9 worker at each step of the ledger, started again at once',
    cluster: { leaseSeconds: 6, workerEnv: LABELLED_HOSTS },
  },
  async (stage) => {
    const { cluster, figures } = stage;
    const outcomes = new Map<Step, string>();
    await Promise.all(
      cluster.workers.map(async (worker, place) => {
        for (const step of STEPS.filter((_, index) => index % 2 === place)) {
          outcomes.set(step, await dieAt(stage, worker, step));
        }
      }),
    );
    for (const step of STEPS) figures[`at ${step.point}`] = outcomes.get(step) ?? '';
  },
);

/** Also has another job run there meanwhile, which only has to be adopted. Returns what came of the first. */
async function dieAt(stage: Stage, worker: WorkerPart, step: Step): Promise<string> {
  const { cluster, load, control, recovery } = stage;
  const { point, attempts } = step;
  await worker.kill();
  await worker.start({ CONJOB_CRASH_AT: point, CONJOB_CRASH_LABEL: DEADLY });
  const bystander = start(stage, worker, 30);
  const [other] = await load.jobIds([bystander]);
  const isAdoptable = await runningOn(worker.engine, other);

  const { operation, ended } = start(stage, worker, 5, { labels: { deadly: 'yes' } });
  const [id = ''] = await load.jobIds([{ operation }]);
  const exitCode = await worker.process.exited;
  const diedAt = Date.now();
  const left = await leftBy(stage, worker, id);
  await control(`${point}: dead by SIGKILL beside a running job`, isAdoptable && exitCode === null);
  await control(`${point}: left ${left}`, step.leaves.test(left));

  await recovery(async () => {
    await worker.start();
    const isEnded = async () => (await stateOf(stage, id)).startsWith('finished');
    expect(await comesTrue(isEnded)).toBe(true);
  });
  expect(Date.now() - diedAt).toBeLessThan(2 * cluster.leaseMs + 5_000);
  await Promise.all([ended, bystander.ended]);
  expectOwnEnd(operation, attempts);
  expectOwnEnd(bystander.operation, 1);
  return `leaves the job ${left} → ${outcome(step)}`;
}

function outcome({ point, attempts }: Step): string {
  if (attempts > 1) return 'nothing was started: a second attempt runs it, once the lease is over';
  if (point === 'recorded' || point === 'removed') return 'its end stands, and nothing is left';
  return 'adopted: the same attempt ends, with its own code and all its output';
}

function start({ load }: Stage, worker: WorkerPart, count: number, spec: object = {}) {
  const key = load.newKey();
  const script = lines(key, count, 0.2, EXIT_CODE);
  return load.run({ key, mode: 'sync', script, spec: { ...spec, ...on(worker) } });
}

function expectOwnEnd({ view }: Operation, attempts: number): void {
  expect(view).toMatchObject({ conclusion: 'FAILURE', exitCode: EXIT_CODE, error: null });
  expect(view?.attempts).toHaveLength(attempts);
  expect(view?.outputTruncated).toBe(false);
}

async function leftBy(stage: Stage, { engine }: WorkerPart, job: string): Promise<string> {
  const containers = await listContainers(engine);
  const own = containers.find(({ labels }) => labels['conjob.job'] === job);
  return `${await stateOf(stage, job)}, ${own?.state ?? 'no'} container`;
}

async function stateOf({ cluster }: Stage, job: string): Promise<string> {
  const held = await cluster.redis.with((redis) => redis.hmget(keys.job(job), 'state', 'step'));
  return held.join(' ');
}
