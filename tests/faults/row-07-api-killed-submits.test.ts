import { EVERY_ROW } from './ci-rows.ts';
import { faultRow } from './support/fault-row.ts';
import { comesTrue } from './support/witness/controls.ts';

const JOBS = EVERY_ROW ? 500 : 60;
const DEATHS = EVERY_ROW ? 8 : 2;
/** So many submit at the same moment: some of them are under way when an API dies. */
const CROWD = 4;

faultRow(
  {
    row: '7',
    fault: `kill -9 API during ${JOBS} submits with keys, clients retry at the other API`,
    timeoutMs: 600_000,
  },
  async ({ cluster, load, random, control, recovery, figures }) => {
    const submit = () =>
      load.mix({
        jobs: JOBS / CROWD,
        everyMs: 200,
        kinds: ['short'],
        modes: ['async'],
        keyed: true,
      });
    const submitting = Promise.all(Array.from({ length: CROWD }, submit));
    const broken = () =>
      load.client.history.filter(
        ({ request, error }) => request === 'POST /jobs' && error !== null,
      );
    for (let death = 1; death <= DEATHS; death++) {
      const api = cluster.apis[death % 2 === 0 ? 0 : 1];
      const share = (death - random.below(10) / 10) / (DEATHS + 1);
      await comesTrue(() => load.operations.length >= JOBS * share);
      const before = broken().length;
      await api.kill();
      await recovery(() => api.start());
      const met = comesTrue(() => broken().length > before, 5_000);
      await control(`death ${death}: submits met the dead ${api.name}`, met);
    }
    await submitting;
    const unknown = broken().filter(({ error }) => error !== 'ECONNREFUSED').length;
    figures['submits'] =
      `${unknown} broke off under way, ${broken().length - unknown} were refused`;
  },
);
