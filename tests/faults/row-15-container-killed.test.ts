import { readFileSync } from 'node:fs';
import { childProcesses } from '@conjob/testkit';
import { expect } from 'vitest';
import type { WorkerPart } from './support/cluster/cluster.ts';
import { faultRow } from './support/fault-row.ts';
import { lines, type Script } from './support/load/script.ts';
import type { Stage } from './support/stage.ts';
import { comesTrue, runningOn } from './support/witness/controls.ts';

const HOSTS = [{ WORKER_LABELS: 'host=north' }, { WORKER_LABELS: 'host=south' }];
const MIB = 1024 * 1024;

faultRow(
  {
    row: '15 shim',
    fault: 'kill -9 the shim of a container',
    cluster: { workerEnv: HOSTS },
    tolerance: { mayEnd: ['worker.lost'] },
  },
  async (stage) => {
    const { cluster, load, runs, control } = stage;
    for (const worker of cluster.workers) {
      const [victim, other] = [start(stage, worker), start(stage, worker)];
      const [job = ''] = await load.jobIds([victim, other]);
      await control('a container runs', runningOn(worker.engine, job));
      const container = runs().find((run) => run.job === job)?.container ?? '';
      const shim = shimOf(container);
      process.kill(shim, 'SIGKILL');
      await control(
        'its shim is gone',
        comesTrue(() => !isThere(shim)),
      );
      await Promise.all([victim.ended, other.ended]);
      // The engine makes up a code for it, 137, which is not the job's.
      expect(victim.operation.view).toMatchObject({
        conclusion: 'UNKNOWN',
        error: { code: 'worker.lost' },
      });
      expect(other.operation.view).toMatchObject({ exitCode: 7, error: null });
    }
    await noProcessIsLeft(stage);
  },
);

faultRow(
  {
    row: '15 containerd',
    fault: 'kill -9 the containerd of an engine',
    cluster: { workerEnv: HOSTS },
    // Nothing can be started until the engine has another one.
    tolerance: { mayEnd: ['engine.failed', 'engine.unavailable'] },
  },
  async (stage) => {
    const { cluster, load, control, recovery } = stage;
    const [worker] = cluster.workers;
    const client = start(stage, worker);
    const [job] = await load.jobIds([client]);
    await control('a container runs', runningOn(worker.engine, job));
    const containerd = containerdOf(worker);
    process.kill(containerd, 'SIGKILL');
    await control(
      'its containerd is gone',
      comesTrue(() => !isThere(containerd)),
    );
    const mixing = load.mix({ jobs: 8, kinds: ['short', 'failing'], everyMs: 500 });
    await recovery(async () => {
      for (;;) {
        const next = start(stage, worker, (key) => lines(key, 1));
        await next.ended;
        if (next.operation.view?.error === null) return;
      }
    });
    await Promise.all([mixing, client.ended]);
    expect(client.operation.view).toMatchObject({ exitCode: 7, error: null });
    await noProcessIsLeft(stage);
  },
);

faultRow(
  {
    row: '15 memory',
    fault: 'a container exceeds its memory, beside others',
    tolerance: { mayEnd: ['run.out_of_memory'] },
  },
  async (stage) => {
    const { load, control } = stage;
    const key = load.newKey();
    const greedy = load.run({
      key,
      script: prints(`echo ${key}; exec tail /dev/zero`, `${key}\n`, 137),
      spec: { resources: { memoryBytes: 16 * MIB } },
    });
    await load.mix({ jobs: 6, kinds: ['short', 'failing', 'chatty'] });
    await greedy.ended;
    expect(greedy.operation.view).toMatchObject({
      conclusion: 'FAILURE',
      exitCode: 137,
      error: { code: 'run.out_of_memory' },
      output: `${key}\n`,
    });
    await control('it was ended', greedy.operation.view?.exitCode === 137);
    await noProcessIsLeft(stage);
  },
);

faultRow(
  {
    row: '15 stubborn',
    fault: 'containers that ignore SIGTERM, and that fork away',
    tolerance: { mayEnd: ['run.timed_out'] },
  },
  async (stage) => {
    const { load, runs, control } = stage;
    const away = 'setsid sh -c \'trap "" TERM HUP; sleep 300\' & setsid sleep 300 &';
    const run = (program: string, exitCode: number, spec: object = {}) => {
      const key = load.newKey();
      const script = prints(`${program}`.replaceAll('KEY', key), `${key}\n`, exitCode);
      return load.run({ key, script, spec });
    };
    const soon = { timeoutSeconds: 2, killTimeoutSeconds: 1 };
    const stubborn = run("trap '' TERM; echo KEY; while :; do sleep 0.1; done", 0, soon);
    const both = run(`trap '' TERM; ${away} echo KEY; while :; do sleep 0.1; done`, 0, soon);
    const forks = run(`${away} echo KEY; sleep 1; exit 9`, 9);
    const clients = [stubborn, both, forks];
    const jobs = await load.jobIds(clients);
    const hasForked = () =>
      jobs.every((job) => {
        const { container = '' } = runs().find((one) => one.job === job) ?? {};
        return processesIn(container).length > 1;
      });
    await control('each has several processes', comesTrue(hasForked));
    await Promise.all(clients.map(({ ended }) => ended));
    for (const { operation } of [stubborn, both]) {
      expect(operation.view).toMatchObject({
        conclusion: 'TIMED_OUT',
        error: { code: 'run.timed_out' },
      });
    }
    // It is over when its first process is, as with `docker run`.
    expect(forks.operation.view).toMatchObject({ exitCode: 9, error: null });
    await noProcessIsLeft(stage);
  },
);

/** A job of some seconds, for the engine of this worker. */
function start(
  { load }: Stage,
  worker: WorkerPart,
  script = (key: string) => lines(key, 20, 0.2, 7),
) {
  const key = load.newKey();
  return load.run({ key, script: script(key), spec: { requires: { host: worker.name } } });
}

function prints(program: string, output: string, exitCode: number): Script {
  return { kind: 'long', program, output, exitCode };
}

/** At the end the cgroup of every container that ever ran is empty, whatever it forked. */
async function noProcessIsLeft({ load, runs }: Stage): Promise<void> {
  await load.end();
  const left = () => runs().flatMap(({ container }) => processesIn(container));
  await comesTrue(() => left().length === 0);
  expect(left()).toEqual([]);
}

/** Of this machine, by their cgroups: also those whose parents are gone. */
function processesIn(container: string): string[] {
  if (container === '') return [];
  return childProcesses(1).flatMap(({ pid, args }) =>
    readOrNothing(`/proc/${pid}/cgroup`).includes(container) ? [args.join(' ')] : [],
  );
}

function shimOf(container: string): number {
  const isShim = (args: readonly string[]) => /containerd-shim/.test(args[0] ?? '');
  const shim = childProcesses(1).find(({ args }) => isShim(args) && args.includes(container));
  if (shim === undefined) throw new Error(`No shim of ${container}`);
  return shim.pid;
}

function containerdOf({ engine }: WorkerPart): number {
  const containerd = childProcesses(engine.pid).find(({ args }) =>
    /(^|\/)containerd$/.test(args[0] ?? ''),
  );
  if (containerd === undefined) throw new Error('The engine has no containerd');
  return containerd.pid;
}

function isThere(pid: number): boolean {
  return childProcesses(1).some((entry) => entry.pid === pid);
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}
