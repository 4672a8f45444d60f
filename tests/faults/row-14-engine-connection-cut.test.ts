import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { LABELLED_HOSTS, on } from './support/cluster/by-host.ts';
import type { WorkerPart } from './support/cluster/cluster.ts';
import { type Link, linkToRemoteEngine } from './support/cluster/link.ts';
import { faultRow } from './support/fault-row.ts';
import { lines, type Script } from './support/load/script.ts';
import type { Stage } from './support/stage.ts';
import { comesTrue, runningOn } from './support/witness/controls.ts';
import { workerBecomes } from './support/witness/worker-states.ts';

/** Shorter than what a worker gives its engine to come back. */
const AWAY_MS = 6_000;

const links = new Map<string, Link>();
const ROW = {
  cluster: {
    workerEnv: LABELLED_HOSTS,
    beforeEngine: async (socketPath: string, worker: string) => {
      const link = await linkToRemoteEngine(socketPath);
      links.set(worker, link);
      return link;
    },
  },
};

faultRow(
  {
    ...ROW,
    row: '14 reset',
    fault: `the TLS connections of a worker to its remote engine are reset for ${AWAY_MS / 1000} s`,
  },
  async (stage) => {
    const [worker] = stage.cluster.workers;
    const link = linkOf(worker);
    await cutOff(stage, worker, async () => {
      const before = link.accepted;
      await link.set('reset');
      link.cut({ reset: true });
      await stage.control(
        'new connections are reset too',
        comesTrue(() => link.accepted > before),
      );
    });
  },
);

faultRow(
  {
    ...ROW,
    row: '14 silent',
    fault: `nothing gets through between a worker and its remote engine for ${AWAY_MS / 1000} s, then all that was sent`,
  },
  async (stage) => {
    const [worker] = stage.cluster.workers;
    await cutOff(stage, worker, () => linkOf(worker).set('stall'));
  },
);

/** The engine goes on meanwhile: no job may lose its end, nor a byte. */
async function cutOff(stage: Stage, worker: WorkerPart, cut: () => Promise<void>) {
  const { cluster, load, runs, control, recovery } = stage;
  const start = (script: (key: string) => Script) => {
    const key = load.newKey();
    return load.run({ key, mode: 'sync', script: script(key), spec: on(worker) });
  };
  const clients = [
    start((key) => lines(key, 100, 0.2, 7)),
    start((key) => lines(key, 15, 0.2, 9)),
    start(midLine),
  ];
  const jobs = await load.jobIds(clients);
  const running = await Promise.all(jobs.map((job) => runningOn(worker.engine, job)));
  await control('containers run on the engine', !running.includes(false));
  const havePrinted = async () =>
    !(await Promise.all(jobs.map((job) => load.get(`/jobs/${job}/output`)))).includes('');
  await control('their output arrives', comesTrue(havePrinted));

  const until = Date.now() + AWAY_MS;
  await cut();
  await control(
    'the API shows the worker as unready, as its engine does not answer',
    workerBecomes(cluster, worker.name, 'unready', /engine does not answer/),
  );
  await sleep(Math.max(0, until - Date.now()));
  const hasEnded = () => runs().some(({ job, until: end }) => job === jobs[1] && end < Infinity);
  await control('a container has ended meanwhile', comesTrue(hasEnded));
  await recovery(async () => {
    await linkOf(worker).set('pass');
    const key = load.newKey();
    await load.run({ key, script: lines(key, 1), spec: on(worker) }).ended;
  });
  await load.end();
  for (const { operation } of clients) {
    const { exitCode } = operation.script;
    expect(operation.answer).toMatchObject({ conclusion: 'FAILURE', exitCode });
    expect(operation.view?.attempts).toHaveLength(1);
    expect(operation.view?.outputTruncated).toBe(false);
  }
}

/** The beginning of its only line arrives before the cut, the rest is printed in it. */
function midLine(key: string): Script {
  return {
    kind: 'long',
    program: `printf '${key} be'; sleep 4; echo gun; sleep 6; exit 11`,
    output: `${key} begun\n`,
    exitCode: 11,
  };
}

function linkOf({ name }: WorkerPart): Link {
  const link = links.get(name);
  if (link === undefined) throw new Error(`${name} has no link`);
  return link;
}
