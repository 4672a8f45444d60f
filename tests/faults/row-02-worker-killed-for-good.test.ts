import { LABELLED_HOSTS } from './support/cluster/by-host.ts';
import { faultRow } from './support/fault-row.ts';
import { expectLoss, occupyHosts } from './support/lost-host.ts';

faultRow(
  {
    row: '2',
    fault: 'kill -9 worker with containers running, never back',
    cluster: { leaseSeconds: 5, workerEnv: LABELLED_HOSTS },
    tolerance: { mayEnd: ['worker.lost'] },
  },
  async (stage) => {
    const host = await occupyHosts(stage);
    const { worker, once } = host;
    const { process } = worker;
    const killedAt = Date.now();
    await worker.kill();
    const isGone = process.hasExited() && worker.pids().every((pid) => pid !== process.pid);
    await stage.control('the worker is gone, and only its reaper is left', isGone);
    // Others go on meanwhile.
    await stage.load.mix({ jobs: 4, kinds: ['short', 'failing'] });
    await stage.recovery(() => once.ended);
    await expectLoss(stage, host, killedAt);
  },
);
