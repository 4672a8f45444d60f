import { setTimeout as sleep } from 'node:timers/promises';
import { signalAll } from '@conjob/testkit';
import { EVERY_ROW } from './ci-rows.ts';
import { LABELLED_HOSTS } from './support/cluster/by-host.ts';
import { engineProcesses } from './support/cluster/engine-processes.ts';
import { faultRow } from './support/fault-row.ts';
import { expectOnlyRetried, occupyHosts, recoverHost } from './support/lost-host.ts';
import { comesTrue, standsStill } from './support/witness/controls.ts';

/** The margin that docs/reliability.md states: how long a host that thaws may take to end what it ran. */
const MARGIN_MS = 2_000;

if (EVERY_ROW) {
  faultRow(
    {
      row: '4 host',
      fault: 'a whole host stopped by SIGSTOP for 2 × its lease, reaper, engine and containers too',
      cluster: { leaseSeconds: 5, workerEnv: LABELLED_HOSTS },
      tolerance: { mayEnd: ['worker.lost'], overlapMs: MARGIN_MS },
    },
    async (stage) => {
      const { cluster, load, runs, control, figures } = stage;
      const host = await occupyHosts(stage);
      const { worker, other, again } = host;
      const [job] = await load.jobIds([again]);
      const pids = [...worker.pids(), ...engineProcesses(worker.engine)];
      const from = Date.now();
      signalAll(pids, 'SIGSTOP');
      try {
        const standStill = () => pids.every(standsStill);
        await control('every process of the host is stopped', comesTrue(standStill));
        const runsElsewhere = () =>
          runs().some((run) => run.job === job && run.engine === other.name);
        await control('its job runs on the other host', comesTrue(runsElsewhere));
        await sleep(Math.max(0, from + 2 * cluster.leaseMs - Date.now()));
        await control('every process of the host is still stopped', standStill());
      } finally {
        signalAll(pids, 'SIGCONT');
      }
      const thawedAt = Date.now();
      stage.stoodStill.push({ engine: worker.name, from, until: thawedAt });
      await recoverHost(stage, host);
      await expectOnlyRetried(stage, host);
      const left = () => runs().filter((run) => run.engine === worker.name && run.from < from);
      await comesTrue(() => left().every(({ until }) => until < Infinity));
      const lived = left().map(({ until }) => until - thawedAt);
      figures['last container dead after the thaw'] = `${Math.round(Math.max(...lived))} ms`;
    },
  );
}
