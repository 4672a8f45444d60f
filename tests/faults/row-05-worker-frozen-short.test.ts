import { setTimeout as sleep } from 'node:timers/promises';
import { faultRow } from './support/fault-row.ts';
import { lines } from './support/load/script.ts';
import { isFrozen, runningOn } from './support/witness/controls.ts';

faultRow(
  { row: '5', fault: 'SIGSTOP worker for 0.4 × its lease', cluster: { leaseSeconds: 15 } },
  async ({ cluster, load, control, recovery }) => {
    const [worker] = cluster.workers;
    await load.mix({ jobs: 8, kinds: ['long', 'long', 'short'] });
    await control('a container runs on the worker that is frozen', runningOn(worker.engine));
    worker.freeze();
    await sleep(0.4 * cluster.leaseMs);
    await control('the worker is stopped', isFrozen(worker.process.pid));
    worker.thaw();
    const key = load.newKey();
    await recovery(() => load.run({ key, script: lines(key, 1) }).ended);
  },
);
