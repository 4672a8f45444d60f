import { EVERY_ROW } from './ci-rows.ts';
import { faultRow } from './support/fault-row.ts';
import { comesTrue } from './support/witness/controls.ts';

const JOBS = EVERY_ROW ? 512 : 64;
const DEATHS = EVERY_ROW ? 8 : 2;
/** So many submit at the same moment: some of them are under way when an API dies. */
const CROWD = 4;
/** More requests than the one API that is left can answer on these cores would measure only the machine. */
const PACE = { everyMs: 80, unanswered: 2 * CROWD, pollSeconds: 30 };

faultRow(
  {
    row: '7',
    fault: `kill -9 API during ${JOBS} submits with keys, clients retry at the other API`,
    timeoutMs: 600_000,
  },
  async ({ cluster, load, random, control, recovery, figures }) => {
    const submits = { ...PACE, kinds: ['short'], modes: ['async'], keyed: true } as const;
    const broken = () =>
      load.client.history.filter(
        ({ request, error }) => request === 'POST /jobs' && error !== null,
      );
    for (let death = 1; death <= DEATHS; death++) {
      const api = cluster.apis[death % 2 === 0 ? 0 : 1];
      const [before, submitted] = [broken().length, load.operations.length];
      const jobs = Math.ceil(JOBS / DEATHS / CROWD);
      const submitting = Array.from({ length: CROWD }, () => load.mix({ jobs, ...submits }));
      // When a quarter of them is submitted, or half.
      const some = submitted + Math.floor((JOBS / DEATHS) * (0.25 + random.below(25) / 100));
      await comesTrue(() => load.operations.length >= some, { everyMs: 1 });
      await api.kill();
      const met = comesTrue(() => broken().length > before);
      await control(`death ${death}: submits met the dead ${api.name}`, met);
      await recovery(() => api.start());
      await Promise.all(submitting);
    }
    const unknown = broken().filter(({ error }) => error !== 'ECONNREFUSED').length;
    figures['submits'] =
      `${unknown} broke off under way, ${broken().length - unknown} were refused`;
  },
);
