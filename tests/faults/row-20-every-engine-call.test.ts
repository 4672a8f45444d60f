import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import type { WorkerPart } from './support/cluster/cluster.ts';
import {
  type CallFault,
  type EngineFront,
  startEngineFront,
} from './support/cluster/engine-front.ts';
import { faultRow } from './support/fault-row.ts';
import type { Operation } from './support/load/operation.ts';
import { lines } from './support/load/script.ts';
import type { Stage } from './support/stage.ts';
import { comesTrue } from './support/witness/controls.ts';

/** What a worker asks again and again, whatever jobs there are. */
const BACKGROUND = /^GET \/(_ping|info|containers\/json|images\/json|volumes)$/;
const ofJob = (call: string): boolean => !BACKGROUND.test(call);

/** The engine may have started the container: the job is not tried again. */
const AT_START = /start$/;

/** With which error a job may end, when this befell a call; undefined: with its own exit code. */
function mayEnd(fault: CallFault, call: string): readonly (string | undefined)[] {
  switch (fault) {
    case 'error':
      return [undefined, 'engine.failed'];
    case 'drop':
      return [undefined, AT_START.test(call) ? 'engine.unavailable' : undefined];
    case 'lose':
    // An answer to the start that was lost: the container is found running, or ended.
    case 'late':
      return [undefined];
  }
}

/** Kept alive between two calls. */
const IDLE_CONNECTIONS = 3;

const fronts = new Map<string, EngineFront>();

faultRow(
  {
    row: '20',
    fault:
      'each call of a job to its engine in turn fails, breaks off before or after it is done, or is late',
    cluster: {
      slots: 1,
      // Sandboxes are made in the background: no job has a certain order of calls then.
      env: { WORKER_SANDBOX_POOL: 'off' },
      workerEnv: [{ WORKER_LABELS: 'host=north' }, { WORKER_LABELS: 'host=south' }],
      beforeEngine: async (socketPath, worker) => {
        const front = await startEngineFront(socketPath);
        fronts.set(worker, front);
        return front;
      },
    },
    tolerance: { mayEnd: ['engine.failed', 'engine.unavailable'] },
  },
  async (stage) => {
    const [north, south] = stage.cluster.workers;
    const before = new Map([north, south].map((worker) => [worker, openFiles(worker)]));
    await Promise.all([
      breakEachCall(stage, north, ['error', 'lose']),
      breakEachCall(stage, south, ['drop', 'late']),
    ]);
    for (const worker of [north, south]) {
      const { open: openNow } = frontOf(worker);
      const few = () =>
        openFiles(worker) <= (before.get(worker) ?? 0) + IDLE_CONNECTIONS &&
        frontOf(worker).open <= IDLE_CONNECTIONS;
      expect(await comesTrue(few), 'no connection to the engine stays open').toBe(true);
      stage.figures[`connections of ${worker.name}`] = `${openNow}, then ${frontOf(worker).open}`;
    }
  },
);

/** The worker has one slot: each job shows that the one before has given it back. */
async function breakEachCall(stage: Stage, worker: WorkerPart, faults: readonly CallFault[]) {
  const calls = await callsOfJob(stage, worker);
  await stage.control(`a job makes ${calls.length} calls`, calls.length > 5);
  for (const fault of faults) {
    const outcomes: string[] = [];
    for (const [index, call] of calls.entries()) {
      const nth = calls.slice(0, index + 1).filter((other) => other === call).length;
      const plan = frontOf(worker).plan(fault, nth, (seen) => kindOf(seen) === call);
      const { view } = await runOne(stage, worker);
      await stage.control(`${fault}: ${call}`, plan.hit !== null);
      outcomes.push(`${call} → ${view?.error?.code ?? view?.exitCode}`);
      expect(mayEnd(fault, call), `${fault} at ${call}`).toContain(view?.error?.code);
    }
    stage.figures[fault] = outcomes.join(', ');
  }
}

/** What an untouched job asks of its engine, in order. */
async function callsOfJob(stage: Stage, worker: WorkerPart): Promise<string[]> {
  const { calls } = frontOf(worker);
  const before = calls.length;
  await runOne(stage, worker);
  return calls.slice(before).filter(ofJob).map(kindOf);
}

/** To its very end: the last call of each attempt is the removal of its container. */
async function runOne({ load }: Stage, worker: WorkerPart): Promise<Operation> {
  const { calls } = frontOf(worker);
  const before = calls.length;
  const key = load.newKey();
  // An exit code of its own makes the worker look into the container as well.
  const script = lines(key, 3, 0, 3);
  const { operation, ended } = load.run({ key, script, spec: { requires: { host: worker.name } } });
  await ended;
  const attempts = operation.view?.attempts.length ?? 0;
  const removals = () => calls.slice(before).filter((call) => call.startsWith('DELETE')).length;
  await comesTrue(() => removals() >= attempts);
  return operation;
}

/** Without what is another one in each job. */
function kindOf(call: string): string {
  return call.replace(/[0-9a-f]{64}|conjob-[\w-]+/, '…');
}

function frontOf({ name }: WorkerPart): EngineFront {
  const front = fronts.get(name);
  if (front === undefined) throw new Error(`${name} has no front`);
  return front;
}

function openFiles({ process: { pid } }: WorkerPart): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
