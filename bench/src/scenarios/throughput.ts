import { interleave, type Measure } from '../interleave.ts';
import type { Network } from '../jobs/conjob-job.ts';
import { likeConJob } from '../jobs/like-conjob.ts';
import { type Load, type LoadRun, loads } from '../jobs/load.ts';
import { type Memory, memoryOf, type Spent, spending } from '../stage/spent.ts';
import { conJobOf, type Variant, variantsOn, withVariants } from '../stage/variants.ts';
import { type Performance, type Results, type Scenario, together } from './scenario.ts';
import {
  type Measured,
  reportThroughput,
  TARGET,
  TARGET_CRUN,
  TARGET_WITHOUT_POOL,
  type Way,
} from './throughput-report.ts';

const SLOTS = [1, 2, 4, 8];
const QUICK_SLOTS = [2];
const QUICK_JOBS = 6;
/** Long enough that the first and the last job, when not all slots are busy, weigh little. */
const jobsFor = (slots: number): number => Math.max(16, 8 * slots);
/** A process that has just started compiles, and held networks have to be made: so many jobs come before those that count. */
const warmUpJobsFor = (slots: number): number => Math.max(24, 4 * slots);

export const throughput: Scenario = {
  name: 'throughput',
  title: 'Jobs per second',
  method: `\
\`echo\` jobs as fast as they go: ConJob with \`WORKER_CONCURRENCY\` slots and twice as many clients,
each sending its next request when it has its answer, so that a free slot always finds a job in the
queue; and the bare sequence of engine calls by runc with as many clients as there are slots, each container with a network of its own. ConJob
comes with held networks that are used again, with such that are used once, without, and, where crun is installed, by crun with such that are used again. They all take
turns. Time ends when all answers are there and all containers are removed. The workers are started
anew for each number of slots. Medians of the rounds; shares are medians of the ratios within a
round. Targets: ${TARGET} times the bare rate, each at its best, and by crun ${TARGET_CRUN} times; without held networks at least ${TARGET_WITHOUT_POOL * 100} % of it at the same number of slots.`,
  rounds: 5,
  async run(performance) {
    const reports: Results[] = [];
    for (const network of ['none', 'bridge'] as const) {
      const measured: Measured[] = [];
      const allSlots = performance.quick ? QUICK_SLOTS : SLOTS;
      for (const slots of allSlots) measured.push(await measure(performance, network, slots));
      reports.push(reportThroughput(network, measured, performance.rounds));
    }
    return together(reports);
  },
};

function measure(
  { stage, rounds, quick, signal, say }: Performance,
  network: Network,
  slots: number,
): Promise<Measured> {
  const jobs = quick ? QUICK_JOBS : jobsFor(slots);
  const variants = variantsOn(stage);
  say(
    `network ${network}, ${slots} slots: ${rounds} rounds of ${variants.length + 1} × ${jobs} jobs`,
  );
  return withVariants(stage, { WORKER_CONCURRENCY: String(slots) }, async (conJobs) => {
    const noPool = conJobOf(conJobs, 'noPool');
    const template = await likeConJob(stage.docker, noPool.url, stage.image, network);
    const of = (variant: Variant) =>
      loads({ stage, signal }, { url: conJobOf(conJobs, variant).url, template, slots, network });
    const ways = Object.fromEntries([
      ...variants.map((variant) => [variant, of(variant).conJob] as const),
      ['bare', of('noPool').bare] as const,
    ]) as Record<Way, Load>;
    const pidsOf = (way: Way) => conJobOf(conJobs, way === 'bare' ? 'noPool' : way);
    for (const run of Object.values(ways)) await run(quick ? QUICK_JOBS : warmUpJobsFor(slots));
    const measured = Object.entries(ways).map(([way, run]): [string, Measure<Costs>] => [
      way,
      async () => {
        const { result, spent } = await spending(stage, pidsOf(way as Way), () => run(jobs));
        return { ...result, spent };
      },
    ]);
    const runs = await interleave(
      rounds,
      Object.fromEntries(measured) as Record<Way, Measure<Costs>>,
      signal,
    );
    const memory = Object.fromEntries(
      variants.map((variant) => [variant, memoryOf(stage, conJobOf(conJobs, variant))]),
    ) as Partial<Record<Way, Memory>>;
    return { slots, jobs, runs, memory };
  });
}

type Costs = LoadRun & { readonly spent: Spent };
