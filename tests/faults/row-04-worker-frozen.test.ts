import { setTimeout as sleep } from 'node:timers/promises';
import { LABELLED_HOSTS } from './support/cluster/by-host.ts';
import { faultRow } from './support/fault-row.ts';
import { expectLoss, occupyHosts, recoverHost } from './support/lost-host.ts';
import { isFrozen } from './support/witness/controls.ts';

faultRow(
  {
    row: '4',
    fault: 'SIGSTOP worker for 3 × its lease, then SIGCONT',
    cluster: { leaseSeconds: 5, workerEnv: LABELLED_HOSTS },
    tolerance: { mayEnd: ['worker.lost'] },
  },
  async (stage) => {
    const { cluster, control } = stage;
    const host = await occupyHosts(stage);
    const { worker } = host;
    const frozenAt = Date.now();
    worker.freeze();
    await sleep(3 * cluster.leaseMs);
    await control('the worker is stopped', isFrozen(worker.process.pid));
    worker.thaw();
    await recoverHost(stage, host);
    await expectLoss(stage, host, frozenAt);
  },
);
