import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { WorkerPart } from './support/cluster/cluster.ts';
import { faultRow } from './support/fault-row.ts';
import { lines } from './support/load/script.ts';
import { comesTrue } from './support/witness/controls.ts';

const POLL_MS = 100;

/** Where the job kills whatever worker has it. */
for (const point of ['claimed', 'running'] as const) {
  faultRow(
    {
      row: `23 ${point}`,
      fault: `a job kills its worker whenever it is ${point}; workers are started again`,
      cluster: {
        leaseSeconds: 4,
        env: { CONJOB_CRASH_AT: point, CONJOB_CRASH_LABEL: 'poison=true' },
      },
      tolerance: { mayEnd: ['worker.lost'] },
    },
    async ({ cluster, load, runs, control, recovery, figures }) => {
      const keeper = keepAlive(cluster.workers);
      try {
        const key = load.newKey();
        const poison = load.run({
          key,
          script: lines(key, 20, 0.2),
          spec: { labels: { poison: 'true' } },
        });
        const others = load.mix({ jobs: 20, kinds: ['short', 'failing'], everyMs: 1_000 });
        await control(
          'a worker died',
          comesTrue(() => keeper.deaths > 0),
        );
        await recovery(() => poison.ended);
        figures['deaths'] = String(keeper.deaths);
        expect(poison.operation.view).toMatchObject({ error: { code: 'worker.lost' } });
        const [id = ''] = poison.operation.ids;
        const starts = runs().filter(({ job }) => job === id).length;
        expect(starts).toBe(point === 'running' ? 1 : 0);
        await others;
        await load.end();
      } finally {
        await keeper.stop();
      }
    },
  );
}

/** Starts a worker again as soon as it has died, as systemd or an orchestrator would. */
function keepAlive(workers: readonly WorkerPart[]) {
  let deaths = 0;
  let stopped = false;
  const keep = async (worker: WorkerPart): Promise<void> => {
    while (!stopped) {
      if (worker.process.hasExited()) {
        deaths += 1;
        // It may die again before it is ready.
        await worker.start().catch(() => {});
      }
      await sleep(POLL_MS);
    }
  };
  const keeping = workers.map(keep);
  return {
    get deaths() {
      return deaths;
    },
    async stop() {
      stopped = true;
      await Promise.all(keeping);
      for (const worker of workers) if (worker.process.hasExited()) await worker.start();
    },
  };
}
