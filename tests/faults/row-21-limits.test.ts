import { expect } from 'vitest';
import { type App, launch } from '../support/start-process.ts';
import { faultRow } from './support/fault-row.ts';
import type { Stage } from './support/stage.ts';
import { comesTrue } from './support/witness/controls.ts';
import { type Interval, mostAtOnce } from './support/witness/intervals.ts';

const NONSENSE = ['-1', 'abc', '1.5', '1e3', 'NaN', '0x10', '99999999999999999'];

/** Limits that are read when a process starts, with whether 0 means anything. */
const VARIABLES: Readonly<Record<string, readonly [app: App, zero: 'refused' | 'fine']>> = {
  WORKER_CONCURRENCY: ['worker', 'refused'],
  WORKER_LEASE_SECONDS: ['worker', 'refused'],
  MAX_OUTPUT_BYTES: ['worker', 'refused'],
  WORKER_SHUTDOWN_SECONDS: ['worker', 'fine'],
  JOB_LIMIT_TIMEOUT: ['api', 'refused'],
  MAX_INPUT_BYTES: ['api', 'refused'],
  JOB_LIMIT_KILL_TIMEOUT: ['api', 'fine'],
};

const SLOTS = 3;
const FEWER = 1;

faultRow(
  {
    row: '21',
    // Limits that can be set while a process runs come with later work.
    fault: 'limits: 0, negative, not a number; fewer slots after a restart under load',
    cluster: { slots: SLOTS },
  },
  async (stage) => {
    const { cluster, load, runs, control, recovery, figures } = stage;
    for (const app of ['worker', 'api'] as const) {
      for (const value of ['0', ...NONSENSE]) await refuses(stage, app, value);
    }
    const [worker] = cluster.workers;
    const on = (engine: string) => runs().filter((run) => run.engine === engine);
    await load.mix({ jobs: 30, kinds: ['long', 'short'], everyMs: 30 });
    // More than both can run.
    const most = () => ['north', 'south'].map((engine) => mostAtOnce(on(engine)));
    const isFull = () => Math.min(...most()) === SLOTS;
    await control(`both workers ran ${SLOTS} at once`, comesTrue(isFull));
    figures['most at once'] = `${most().join(' and ')}, then ${FEWER}`;
    await worker.terminate();
    const restarted = Date.now();
    await recovery(() => worker.start({ WORKER_CONCURRENCY: String(FEWER) }));
    await load.end();
    const later = on('north').filter(({ from }) => from > restarted);
    await control('it went on taking jobs', later.length > 0);
    // Those that it found running go on; none is added to them.
    for (const run of later) expect(runningWith(run, on('north'))).toBeLessThanOrEqual(FEWER);
  },
);

/** A process that gets nonsense says which variables are wrong, all of them, and does not run. */
async function refuses({ control }: Stage, app: App, value: string): Promise<void> {
  const names = Object.entries(VARIABLES).flatMap(([name, [reader]]) =>
    reader === app ? [name] : [],
  );
  const started = launch(app, Object.fromEntries(names.map((name) => [name, value])));
  expect(await started.exited, `${app} with ${value}`).not.toBe(0);
  for (const name of names) {
    const isFine = value === '0' && VARIABLES[name]?.[1] === 'fine';
    expect(started.output().includes(`${name}:`), `${name}=${value}`).toBe(!isFine);
  }
  await control(`${app} does not start with ${value}`, started.hasExited());
}

/** How many ran when this one started, itself included. */
function runningWith(run: Interval, all: readonly Interval[]): number {
  return all.filter(({ from, until }) => from <= run.from && until > run.from).length;
}
