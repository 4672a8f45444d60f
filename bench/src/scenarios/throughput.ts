import { interleave, type Measure } from '../interleave.ts';
import type { Network } from '../jobs/conjob-job.ts';
import { likeConJob } from '../jobs/like-conjob.ts';
import { type Load, loads } from '../jobs/load.ts';
import { median, ratios } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import { VARIANT_NAMES, type Variant, withVariants } from '../stage/variants.ts';
import type { Performance, Scenario } from './scenario.ts';

const SLOTS = [1, 2, 4, 8];
/** Long enough that the first and the last job, when not all slots are busy, weigh little. */
const jobsFor = (slots: number): number => Math.max(16, 8 * slots);
const VARIANTS = Object.keys(VARIANT_NAMES) as Variant[];
/** Of the bare rate, at its best. */
const TARGET = 1.5;
/** Of the bare rate, at the same number of slots. */
const TARGET_WITHOUT_POOL = 0.95;

type Rates = Record<Variant | 'bare', number[]>;

export const throughput: Scenario = {
  name: 'throughput',
  title: 'Jobs per second',
  method: `\
\`echo\` jobs as fast as they go: ConJob with \`WORKER_CONCURRENCY\` slots and twice as many clients,
each sending its next request when it has its answer, so that a free slot always finds a job in the
queue; and the bare sequence of engine calls with as many clients as there are slots, each container with a network of its own. ConJob
comes with held networks that are used again, with such that are used once, and without. They all take
turns. Time ends when all answers are there and all containers are removed. The workers are started
anew for each number of slots. Medians of the rounds; shares are medians of the ratios within a
round. Targets: ${TARGET} times the bare rate, each at its best; without held networks at least ${TARGET_WITHOUT_POOL * 100} % of it at the same number of slots.`,
  rounds: 5,
  async run(performance) {
    const reports: string[] = [];
    for (const network of ['none', 'bridge'] as const) {
      const measured: { readonly slots: number; readonly rates: Rates }[] = [];
      for (const slots of SLOTS) {
        measured.push({ slots, rates: await measure(performance, network, slots) });
      }
      reports.push(report(network, measured, performance.rounds));
    }
    return reports.join('\n\n');
  },
};

function measure(
  { stage, rounds, signal, say }: Performance,
  network: Network,
  slots: number,
): Promise<Rates> {
  const jobs = jobsFor(slots);
  say(`network ${network}, ${slots} slots: ${rounds} rounds of 4 × ${jobs} jobs`);
  return withVariants(stage, { WORKER_CONCURRENCY: String(slots) }, async (conJobs) => {
    const template = await likeConJob(stage.docker, conJobs.noPool.url, stage.image, network);
    const of = (variant: Variant) =>
      loads({ stage, signal }, { url: conJobs[variant].url, template, slots, network });
    const ways: Record<Variant | 'bare', Load> = {
      reuse: of('reuse').conJob,
      never: of('never').conJob,
      noPool: of('noPool').conJob,
      bare: of('noPool').bare,
    };
    for (const run of Object.values(ways)) await run(4 * slots);
    const rate =
      (run: Load): Measure<number> =>
      async () =>
        (jobs * 1000) / (await run(jobs));
    const rated = Object.entries(ways).map(([way, run]) => [way, rate(run)]);
    return interleave(
      rounds,
      Object.fromEntries(rated) as Record<Variant | 'bare', Measure<number>>,
      signal,
    );
  });
}

function report(
  network: Network,
  measured: readonly { readonly slots: number; readonly rates: Rates }[],
  rounds: number,
): string {
  const best = (way: keyof Rates) => Math.max(...measured.map(({ rates }) => median(rates[way])));
  return [
    `### Network \`${network}\``,
    '',
    table(
      [
        'jobs/s',
        ...VARIANTS.map((variant) => VARIANT_NAMES[variant]),
        'bare',
        'without / bare',
        'target',
      ],
      measured.map(({ slots, rates }) => [
        `${slots} slots`,
        ...[...VARIANTS, 'bare' as const].map((way) => figure(median(rates[way]), 2)),
        figure(median(ratios(rates.noPool, rates.bare)), 2),
        `≥ ${TARGET_WITHOUT_POOL}`,
      ]),
    ),
    '',
    table(
      ['at its best / bare at its best', 'ratio', 'target'],
      VARIANTS.map((variant) => [
        VARIANT_NAMES[variant],
        figure(best(variant) / best('bare'), 2),
        variant === 'reuse' ? `≥ ${TARGET}` : '',
      ]),
    ),
    '',
    `${rounds} rounds for each number of slots.`,
  ].join('\n');
}
