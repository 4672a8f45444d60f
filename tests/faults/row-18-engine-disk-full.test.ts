import { rmSync } from 'node:fs';
import { expect } from 'vitest';
import { fill, freeBytes } from './support/cluster/full-disk.ts';
import { useEngines } from './support/cluster/use-engines.ts';
import { faultRow } from './support/fault-row.ts';
import { lines } from './support/load/script.ts';
import { runningOn } from './support/witness/controls.ts';
import { workerBecomes } from './support/witness/worker-states.ts';

const MIB = 1024 * 1024;

useEngines({ northDiskBytes: 64 * MIB });

faultRow(
  {
    row: '18',
    fault: 'the disk of an engine is full, then has space again',
    cluster: { workerEnv: [{ WORKER_LABELS: 'host=north' }, { WORKER_LABELS: 'host=south' }] },
    tolerance: { mayEnd: ['engine.no_space'] },
  },
  async ({ cluster, load, control, recovery }) => {
    const [{ engine }] = cluster.workers;
    const start = (count: number, pauseSeconds: number, spec = { requires: { host: 'north' } }) => {
      const key = load.newKey();
      return load.run({ key, script: lines(key, count, pauseSeconds, 5), spec });
    };
    const running = start(40, 0.2);
    await load.jobIds([running]);
    await control('a container runs on the engine', runningOn(engine));
    const filling = fill(engine.dataRoot);
    try {
      await control('nothing can be written any more', freeBytes(engine.dataRoot) === 0);
      const victim = start(1, 0);
      await victim.ended;
      expect(victim.operation.view).toMatchObject({
        conclusion: 'UNKNOWN',
        error: { code: 'engine.no_space' },
      });
      await control(
        'the API shows its worker as unready, as its disk is full',
        workerBecomes(cluster, 'north', 'unready', /disk of the engine is full/),
      );
      // These wait for the one host, and run on the other.
      const patient = [start(2, 0), start(3, 0)];
      await load.mix({ jobs: 6, kinds: ['short', 'failing'], everyMs: 300 });
      await running.ended;
      expect(running.operation.view).toMatchObject({ exitCode: 5, error: null });
      expect(patient.map(({ operation }) => operation.view)).toEqual([null, null]);
      rmSync(filling);
      await recovery(async () => {
        await control('the worker is ready again', workerBecomes(cluster, 'north', 'ready'));
        await Promise.all(patient.map(({ ended }) => ended));
      });
      expect(patient.map(({ operation }) => operation.view?.exitCode)).toEqual([5, 5]);
    } finally {
      rmSync(filling, { force: true });
    }
  },
);
