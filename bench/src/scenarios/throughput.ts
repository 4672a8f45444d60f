import { interleave } from '../interleave.ts';
import { likeConJob } from '../jobs/like-conjob.ts';
import { loads } from '../jobs/load.ts';
import { median, ratios } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import type { Performance, Scenario } from './scenario.ts';

const SLOTS = [1, 2, 4, 8];
/** Long enough that the first and the last job, when not all slots are busy, weigh little. */
const jobsFor = (slots: number): number => Math.max(16, 8 * slots);
const TARGET = 0.95;

export const throughput: Scenario = {
  name: 'throughput',
  title: 'Jobs per second',
  method: `\
\`echo\` jobs as fast as they go: ConJob with \`WORKER_CONCURRENCY\` slots and twice as many clients,
each sending its next request when it has its answer, so that a free slot always finds a job in the
queue; and the bare sequence of engine calls with as many clients as there are slots. The two take
turns. Time ends when all answers are there and all containers are removed. The worker is started
anew for each number of slots. Medians of the rounds; the share is the median of the ratios within a
round. Target: at least ${TARGET * 100} % of the bare rate.`,
  rounds: 5,
  async run(performance) {
    const rows: string[][] = [];
    for (const slots of SLOTS) rows.push(await measure(performance, slots));
    return [
      table(['slots', 'ConJob jobs/s', 'bare jobs/s', 'share', 'target', 'jobs per round'], rows),
      '',
      `${performance.rounds} rounds for each number of slots.`,
    ].join('\n');
  },
};

async function measure(
  { stage, rounds, signal, say }: Performance,
  slots: number,
): Promise<string[]> {
  const jobs = jobsFor(slots);
  say(`${slots} slots: ${rounds} rounds of 2 × ${jobs} jobs`);
  return stage.withConJob({ WORKER_CONCURRENCY: String(slots) }, async ({ url }) => {
    const template = await likeConJob(stage.docker, url, stage.image);
    const load = loads({ stage, signal }, { url, template, slots });
    await load.conJob(2 * slots);
    await load.bare(2 * slots);
    const rate = (run: typeof load.bare) => async () => (jobs * 1000) / (await run(jobs));
    const rates = await interleave(
      rounds,
      { conJob: rate(load.conJob), bare: rate(load.bare) },
      signal,
    );
    const share = median(ratios(rates.conJob, rates.bare));
    return [
      String(slots),
      figure(median(rates.conJob), 2),
      figure(median(rates.bare), 2),
      `${figure(100 * share)} %`,
      `≥ ${TARGET * 100} %`,
      String(jobs),
    ];
  });
}
