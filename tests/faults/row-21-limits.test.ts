import { expect } from 'vitest';
import { type App, launch } from '../support/start-process.ts';
import { faultRow } from './support/fault-row.ts';
import { lines } from './support/load/script.ts';
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
  JOB_LIMIT_REQ: ['api', 'fine'],
  JOB_LIMIT_CONCURRENT: ['api', 'fine'],
  JOB_LIMIT_QUEUED: ['api', 'fine'],
};

const SLOTS = 3;
const FEWER = 1;

faultRow(
  {
    row: '21',
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

const NO_LIMIT = 1_000_000;
const LIMIT_NAMES = [
  'maxGlobalRequestsPerSecond',
  'maxConcurrentRuns',
  'maxTimeoutSeconds',
  'maxKillTimeoutSeconds',
  'maxQueuedJobs',
];

faultRow(
  {
    row: '21 live',
    fault: 'limits set under load: lowered, 0, nonsense, raised; a worker killed at the limit',
    cluster: { slots: SLOTS },
  },
  async ({ cluster, load, runs, control, recovery, figures, runLimits }) => {
    const { limitRuns } = runLimits;
    const [api, other] = cluster.apis;
    const config = async (search: string, to = api) => {
      const answer = await fetch(`${to.adminUrl}/tasks/config${search}`, { method: 'POST' });
      return { status: answer.status, body: await answer.text() };
    };
    const now = () => runs().filter(({ until }) => until === Infinity).length;
    const runIsRejected = async (): Promise<boolean> => {
      const answer = await load.client.ask(other, {
        path: '/job/run?image=conjob/none&pull=never',
      });
      return 'status' in answer && answer.status === 503 && answer.body.includes('Concurrent job');
    };
    await load.mix({ jobs: 24, kinds: ['long', 'long', 'short'], everyMs: 30 });
    await control(
      'more ran than the limit that comes',
      comesTrue(() => now() > 2),
    );
    await limitRuns(2);
    figures['most at once'] = `${mostAtOnce(runs())}, then 2, 0 and 3`;

    const { body: before } = await config('', other);
    for (const value of [...NONSENSE, '1000001', '']) {
      for (const name of LIMIT_NAMES) {
        const good = name === 'maxQueuedJobs' ? 'maxTimeoutSeconds=9' : 'maxQueuedJobs=9';
        const search = `?conjob.job.limit.${good}&conjob.job.limit.${name}=${value}`;
        expect((await config(search)).status, `${name}=${value}`).toBe(400);
      }
    }
    expect((await config('')).body).toBe(before);

    await limitRuns(0);
    await control('nothing runs', now() === 0);
    await control('a run is rejected at the other API', runIsRejected());
    const key = load.newKey();
    const waiting = load.run({ key, script: lines(key, 1) });
    const [id = ''] = await load.jobIds([waiting]);
    const { waiting: why } = JSON.parse(await load.get(`/jobs/${id}`));
    expect(why.reason).toBe('No job may run at all: the limit of concurrent runs is 0.');

    const raised = limitRuns(3);
    await recovery(async () => {
      await raised;
      await control(
        'as many run as may',
        comesTrue(() => now() === 3),
      );
    });
    const [worker] = cluster.workers;
    await worker.kill();
    await worker.start();
    await waiting.ended;
    await limitRuns(NO_LIMIT);
    await load.end();
    const [last] = load.operations.slice(-1);
    expect(last?.view).toMatchObject({ conclusion: 'SUCCESS' });
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
