import { setTimeout as sleep } from 'node:timers/promises';
import { EVERY_ROW } from './ci-rows.ts';
import { LABELLED_HOSTS } from './support/cluster/by-host.ts';
import type { WorkerPart } from './support/cluster/cluster.ts';
import { faultRow } from './support/fault-row.ts';
import { expectLoss, occupyHosts, recoverHost } from './support/lost-host.ts';
import type { Stage } from './support/stage.ts';
import { comesTrue, isFrozen } from './support/witness/controls.ts';
import { workerBecomes } from './support/witness/worker-states.ts';

/** The reaper of a host is behind the same link as its worker: neither can look into the ledger. */
const ROW = {
  cluster: { leaseSeconds: 5, workerEnv: LABELLED_HOSTS },
  tolerance: { mayEnd: ['worker.lost'] },
};

faultRow(
  {
    ...ROW,
    row: '13 silent',
    fault:
      'nothing gets through between a host and Redis for 2 × the lease, then all that was sent',
  },
  async (stage) => {
    const host = await occupyHosts(stage);
    const cutAt = Date.now();
    await host.worker.redisLink.set('stall');
    await untilLost(stage, host.worker, cutAt);
    await host.worker.redisLink.set('pass');
    await recoverHost(stage, host);
    await expectLoss(stage, host, cutAt);
  },
);

faultRow(
  {
    ...ROW,
    row: '13 reset',
    fault: 'connections between a host and Redis are reset for 2 × the lease',
  },
  async (stage) => {
    const host = await occupyHosts(stage);
    const { redisLink } = host.worker;
    const [cutAt, before] = [Date.now(), redisLink.accepted];
    await redisLink.set('reset');
    redisLink.cut({ reset: true });
    await untilLost(stage, host.worker, cutAt);
    await stage.control('new connections were reset too', redisLink.accepted > before);
    await redisLink.set('pass');
    await recoverHost(stage, host);
    await expectLoss(stage, host, cutAt);
  },
);

if (EVERY_ROW) {
  faultRow(
    {
      ...ROW,
      row: '13 frozen',
      fault: 'a host is cut off from Redis with its worker stopped by SIGSTOP: its reaper is alone',
    },
    async (stage) => {
      // A reaper that is cut off while it is still starting does not know what is its own to look after.
      const areUp = () =>
        stage.cluster.workers.every(({ log }) => log().includes('reaper is ready'));
      await stage.control('each host has its reaper', comesTrue(areUp));
      const host = await occupyHosts(stage);
      const { worker } = host;
      const cutAt = Date.now();
      await worker.redisLink.set('stall');
      worker.freeze();
      await untilLost(stage, worker, cutAt);
      await stage.control('the worker is stopped', isFrozen(worker.process.pid));
      worker.thaw();
      await worker.redisLink.set('pass');
      await recoverHost(stage, host);
      await expectLoss(stage, host, cutAt);
    },
  );
}

async function untilLost({ cluster, control }: Stage, { name }: WorkerPart, cutAt: number) {
  await control('Redis hears nothing of the worker', workerBecomes(cluster, name, 'lost'));
  await sleep(Math.max(0, cutAt + 2 * cluster.leaseMs - Date.now()));
  await control('still nothing at the end', workerBecomes(cluster, name, 'lost'));
}
