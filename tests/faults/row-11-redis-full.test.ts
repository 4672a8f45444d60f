import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '@conjob/provision';
import { expect } from 'vitest';
import { fill, freeBytes } from './support/cluster/full-disk.ts';
import { faultRow } from './support/fault-row.ts';
import type { Operation } from './support/load/operation.ts';
import { lines, type Script } from './support/load/script.ts';
import type { Stage } from './support/stage.ts';
import { comesTrue, runningOn } from './support/witness/controls.ts';

const MIB = 1024 * 1024;
const EXIT_CODE = 7;
const FULL_MS = 3_000;

faultRow(
  {
    row: '11 memory',
    fault: 'Redis has reached its maxmemory, until that is raised',
    cluster: { leaseSeconds: 10 },
    // What a job prints meanwhile can not be kept.
    tolerance: { mayEnd: ['output.incomplete'] },
  },
  async (stage) => {
    const { cluster, load, control, recovery, figures } = stage;
    const quiet = [start(stage, beginsAndEnds), start(stage, beginsAndEnds)];
    const others = [
      start(stage, (key) => lines(key, 60, 0.2, EXIT_CODE)),
      start(stage, talksLater),
    ];
    await areRunning(stage, [...quiet, ...others]);
    const limit = (bytes: string) =>
      cluster.redis.with((redis) => redis.config('SET', 'maxmemory', bytes));
    const isFull = () =>
      cluster.redis.with((redis) =>
        redis.set('full?', '').then(
          () => false,
          (error: Error) => error.message.startsWith('OOM'),
        ),
      );
    await limit('1mb');
    await control('Redis stores nothing', isFull());
    await control('submits are refused', isRefused(stage, 'redis.refused_write'));
    // Their clients try again and again.
    const submits = load.mix({ jobs: 6, kinds: ['short'], modes: ['async'], keyed: true });
    // They end now, and their clients hear of it.
    await Promise.all(quiet.map(({ ended }) => ended));
    await submits;
    await control('submits are refused', isRefused(stage, 'redis.refused_write'));
    await control('Redis stores nothing', isFull());
    for (const { operation } of quiet) expect(operation.view).toMatchObject(OWN_END);
    const key = load.newKey();
    await recovery(async () => {
      await limit('0');
      await load.run({ key, script: lines(key, 1) }).ended;
    });
    await load.end();
    for (const { operation } of others) expect(operation.view?.exitCode).toBe(EXIT_CODE);
    figures['jobs with output flagged'] = String(
      load.operations.filter(({ view }) => view?.error?.code === 'output.incomplete').length,
    );
    noteRefusals(stage);
  },
);

faultRow(
  {
    row: '11 disk',
    fault: 'the disk of Redis is full and Redis ends, until there is space and it is started again',
    cluster: { leaseSeconds: 20, redisDiskBytes: 48 * MIB },
  },
  async (stage) => {
    const { cluster, load, control, recovery } = stage;
    const { redis } = cluster;
    const clients = [
      start(stage, (key) => lines(key, 80, 0.2, EXIT_CODE)),
      start(stage, beginsAndEnds),
    ];
    await areRunning(stage, clients);
    const submits = load.mix({ jobs: 20, kinds: ['short', 'failing'], keyed: true });
    const filling = fill(redis.aofFolder);
    await control('the disk is full', freeBytes(redis.aofFolder) === 0);
    await control(
      'Redis has ended',
      comesTrue(() => !isAlive(redis.pid)),
    );
    await control('submits are refused', isRefused(stage, 'redis.unavailable'));
    await control('no API is ready', isUnready(stage));
    await sleep(FULL_MS);
    await submits;
    const key = load.newKey();
    await recovery(async () => {
      rmSync(filling);
      await redis.restart();
      await load.run({ key, script: lines(key, 1) }).ended;
    });
    await load.end();
    for (const { operation } of clients) expect(operation.view).toMatchObject(OWN_END);
    noteRefusals(stage);
  },
);

const OWN_END = { conclusion: 'FAILURE', exitCode: EXIT_CODE, error: null };

function start({ load }: Stage, script: (key: string) => Script) {
  const key = load.newKey();
  return load.run({ key, script: script(key) });
}

/** Says nothing while Redis is full, and ends then. */
function beginsAndEnds(key: string): Script {
  return {
    kind: 'long',
    program: `echo ${key}; sleep 6; exit ${EXIT_CODE}`,
    output: `${key}\n`,
    exitCode: EXIT_CODE,
  };
}

/** Says nothing while Redis is full. */
function talksLater(key: string): Script {
  return {
    kind: 'long',
    program: `echo ${key}; sleep 15; echo end; exit ${EXIT_CODE}`,
    output: `${key}\nend\n`,
    exitCode: EXIT_CODE,
  };
}

async function areRunning(
  { cluster, load, control }: Stage,
  clients: readonly { readonly operation: Operation }[],
): Promise<void> {
  const jobs = await load.jobIds(clients);
  const running = await Promise.all(
    jobs.map((job) => Promise.race(cluster.workers.map(({ engine }) => runningOn(engine, job)))),
  );
  await control('containers run', !running.includes(false));
  const havePrinted = async () =>
    !(await Promise.all(jobs.map((job) => load.get(`/jobs/${job}/output`)))).includes('');
  await control('their first output is stored', comesTrue(havePrinted));
}

/** Both APIs answer with this code at once. */
async function isRefused({ cluster, load }: Stage, code: string): Promise<boolean> {
  const answers = await Promise.all(
    cluster.apis.map((api) =>
      load.client.ask(api, {
        method: 'POST',
        path: '/jobs',
        json: { image: 'never' },
        headers: { accept: 'application/json' },
      }),
    ),
  );
  return answers.every(
    (answer) =>
      'status' in answer &&
      answer.status === 503 &&
      answer.headers['retry-after'] !== undefined &&
      (JSON.parse(answer.body) as { readonly code: string }).code === code,
  );
}

async function isUnready({ cluster, load }: Stage): Promise<boolean> {
  const answers = await Promise.all(
    cluster.apis.map((api) => load.client.ask(api, { path: '/readyz' })),
  );
  return answers.every((answer) => 'status' in answer && answer.status === 503);
}

function noteRefusals({ load, figures }: Stage): void {
  const took = load.client.history
    .filter(({ status }) => status === 503)
    .map(({ from, until }) => until - from);
  figures['slowest 503'] = `${Math.max(...took)} ms of ${took.length} answers`;
}
