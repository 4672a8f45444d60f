import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { EVERY_ROW } from './ci-rows.ts';
import type { WorkerPart } from './support/cluster/cluster.ts';
import { faultRow } from './support/fault-row.ts';
import type { Operation } from './support/load/operation.ts';
import { lines, type Script } from './support/load/script.ts';
import type { Stage } from './support/stage.ts';
import { comesTrue, isFrozen, runningOn } from './support/witness/controls.ts';
import { workerBecomes } from './support/witness/worker-states.ts';

const HOSTS = [{ WORKER_LABELS: 'host=north' }, { WORKER_LABELS: 'host=south' }];
const AWAY_MS = 4_000;
/** How long a worker waits for its engine before it gives a container up. */
const PATIENCE_MS = 60_000;

faultRow(
  {
    row: '14 live-restore',
    fault: 'kill -9 dockerd with live-restore, back after 4 s',
    cluster: { workerEnv: HOSTS },
    tolerance: { mayEnd: ['output.incomplete'] },
  },
  async (stage) => {
    const { engine } = stage.cluster.workers[1];
    const operations = await runAcross(stage, stage.cluster.workers[1]);
    await engine.crash();
    await whileAway(stage, stage.cluster.workers[1], AWAY_MS);
    await back(stage, stage.cluster.workers[1], () => engine.restart());
    await stage.load.end();
    // Their containers have outlived it: each ends with its own code, once, and says that output may lack.
    for (const { view, script } of operations) {
      expect(view).toMatchObject({
        exitCode: script.exitCode,
        error: { code: 'output.incomplete' },
        attempts: [expect.anything()],
      });
    }
    stage.figures['bytes that lack'] = operations
      .map(({ view, script }) => script.output.length - (view?.output?.length ?? 0))
      .join(', ');
  },
);

if (EVERY_ROW) {
  faultRow(
    {
      row: '14 plain',
      fault: 'kill -9 dockerd without live-restore, back after 4 s',
      cluster: { workerEnv: HOSTS },
      tolerance: { mayEnd: ['worker.lost', 'output.incomplete'] },
    },
    async (stage) => {
      const { engine } = stage.cluster.workers[0];
      const [long] = await runAcross(stage, stage.cluster.workers[0]);
      await engine.crash();
      await whileAway(stage, stage.cluster.workers[0], AWAY_MS);
      await back(stage, stage.cluster.workers[0], () => engine.restart());
      await stage.load.end();
      // The engine ended it when it came back.
      expect(long.view).toMatchObject({ conclusion: 'UNKNOWN', error: { code: 'worker.lost' } });
    },
  );

  faultRow(
    {
      row: '14 long',
      fault: 'dockerd with live-restore killed and away for 60 s',
      cluster: { workerEnv: HOSTS },
      tolerance: { mayEnd: ['engine.unavailable', 'worker.lost', 'output.incomplete'] },
    },
    async (stage) => {
      const { engine } = stage.cluster.workers[1];
      await runAcross(stage, stage.cluster.workers[1]);
      await engine.crash();
      await whileAway(stage, stage.cluster.workers[1], PATIENCE_MS);
      await back(stage, stage.cluster.workers[1], () => engine.restart());
    },
  );

  faultRow(
    {
      row: '14 frozen',
      fault: 'dockerd stopped by SIGSTOP for 30 s',
      cluster: { workerEnv: HOSTS },
    },
    async (stage) => {
      const [{ engine }] = stage.cluster.workers;
      await runAcross(stage, stage.cluster.workers[0]);
      process.kill(engine.pid, 'SIGSTOP');
      try {
        await stage.control(
          'dockerd is stopped',
          comesTrue(() => isFrozen(engine.pid)),
        );
        await whileAway(stage, stage.cluster.workers[0], 30_000);
      } finally {
        process.kill(engine.pid, 'SIGCONT');
      }
      await back(stage, stage.cluster.workers[0], async () => {});
    },
  );
}

const on = ({ name }: WorkerPart) => ({ requires: { host: name } });

/** Three jobs run on the host: one for longer than its engine is away, one that ends meanwhile, one in mid-line. */
async function runAcross(
  { load, control }: Stage,
  worker: WorkerPart,
): Promise<[Operation, ...Operation[]]> {
  const start = (script: (key: string) => Script) => {
    const key = load.newKey();
    return load.run({ key, script: script(key), spec: on(worker) });
  };
  const clients = [
    start((key) => lines(key, 60, 0.2, 7)),
    start((key) => lines(key, 10, 0.2, 9)),
    start(midLine),
  ] as const;
  const jobs = await load.jobIds(clients);
  const running = await Promise.all(jobs.map((job) => runningOn(worker.engine, job)));
  await control('containers run on the engine', !running.includes(false));
  const [long = ''] = jobs;
  const printed = async () => (await load.get(`/jobs/${long}/output`)).length > 0;
  await control('their output arrives', comesTrue(printed));
  const [first, ...others] = clients;
  return [first.operation, ...others.map(({ operation }) => operation)];
}

/** What is printed of a line is on its way when the engine goes. */
function midLine(key: string): Script {
  return {
    kind: 'long',
    program: `printf '${key} be'; sleep 8; echo gun; exit 11`,
    output: `${key} begun\n`,
    exitCode: 11,
  };
}

async function whileAway({ cluster, load, control }: Stage, worker: WorkerPart, ms: number) {
  const until = Date.now() + ms;
  const other = worker.name === 'north' ? 'south' : 'north';
  // For any host: they run on the other one. For this host: it waits until that is back.
  const others = load.mix({ jobs: 4, kinds: ['short', 'failing'], everyMs: 300 });
  const key = load.newKey();
  load.run({ key, script: lines(key, 2), spec: on(worker) });
  await control(
    'the API shows its worker as unready, as the engine does not answer',
    workerBecomes(cluster, worker.name, 'unready', /engine does not answer/),
  );
  await control('the other worker is ready', workerBecomes(cluster, other, 'ready'));
  await others;
  await sleep(Math.max(0, until - Date.now()));
}

async function back(
  { cluster, load, recovery }: Stage,
  worker: WorkerPart,
  heal: () => Promise<void>,
) {
  await recovery(async () => {
    await heal();
    expect(await workerBecomes(cluster, worker.name, 'ready')).toBe(true);
    const key = load.newKey();
    await load.run({ key, script: lines(key, 1), spec: on(worker) }).ended;
  });
}
