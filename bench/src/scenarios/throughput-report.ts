import type { Network } from '../jobs/conjob-job.ts';
import type { LoadRun } from '../jobs/load.ts';
import { type Aim, type Target, targetText } from '../report/aims.ts';
import { type CostRow, costsTable } from '../report/costs-table.ts';
import { median, ratios } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import { eachPart, type Memory, type Spent } from '../stage/spent.ts';
import { VARIANT_NAMES, type Variant } from '../stage/variants.ts';
import type { Results } from './scenario.ts';

/** Of the bare rate, at its best. */
export const TARGET = 1.5;
export const TARGET_CRUN = 2;
/** Of the bare rate, at the same number of slots. */
export const TARGET_WITHOUT_POOL = 0.95;

const WITHOUT_POOL: Target = { atLeast: TARGET_WITHOUT_POOL };

export type Way = Variant | 'bare';
const NAMES: Readonly<Record<Way, string>> = { ...VARIANT_NAMES, bare: 'bare' };

/** What was measured with one number of slots. Values of the same index were measured in the same round. */
export interface Measured {
  readonly slots: number;
  /** In each run. */
  readonly jobs: number;
  readonly runs: Readonly<Partial<Record<Way, readonly (LoadRun & { readonly spent: Spent })[]>>>;
  readonly memory: Readonly<Partial<Record<Way, Memory>>>;
}

export function reportThroughput(
  network: Network,
  measured: readonly Measured[],
  rounds: number,
): Results {
  const ways = (Object.keys(NAMES) as Way[]).filter((way) => measured[0]?.runs[way] !== undefined);
  const variants = ways.filter((way): way is Variant => way !== 'bare');
  const best = (way: Way) => Math.max(...measured.map((each) => median(rates(each, way))));
  const targets: Readonly<Record<Variant, Target | undefined>> = {
    reuse: { atLeast: TARGET },
    crun: { atLeast: TARGET_CRUN },
    never: undefined,
    noPool: undefined,
  };
  const withoutPool = (each: Measured) =>
    median(ratios(rates(each, 'noPool'), rates(each, 'bare')));
  const text = [
    `### Network \`${network}\``,
    '',
    table(
      ['jobs/s', ...ways.map((way) => NAMES[way]), 'without / bare', 'target'],
      measured.map((each) => [
        `${each.slots} slots`,
        ...ways.map((way) => figure(median(rates(each, way)), 2)),
        figure(withoutPool(each), 2),
        targetText(WITHOUT_POOL),
      ]),
    ),
    '',
    table(
      ['at its best / bare at its best', 'ratio', 'target'],
      variants.map((variant) => [
        NAMES[variant],
        figure(best(variant) / best('bare'), 2),
        targets[variant] === undefined ? '' : targetText(targets[variant]),
      ]),
    ),
    '',
    costsTable(measured.flatMap((each) => ways.map((way) => costs(each, way)))),
    '',
    `${rounds} rounds for each number of slots. Latencies are those of all jobs, of which twice as many as there are slots are under way with ConJob.`,
  ].join('\n');
  const aims = variants.flatMap((variant): Aim[] => {
    const target = targets[variant];
    if (target === undefined) return [];
    const what = `jobs/s: ${NAMES[variant]} at its best ÷ bare at its best, ${network}`;
    const inShort = `such jobs per second ÷ as many as the engine alone can do, network \`${network}\``;
    return [
      {
        what,
        ...(variant === 'reuse' && { inShort }),
        target,
        measured: best(variant) / best('bare'),
      },
    ];
  });
  const worst = measured.reduce((low, each) => (withoutPool(each) < withoutPool(low) ? each : low));
  const withoutPoolAim: Aim = {
    what: `jobs/s without held networks ÷ bare, ${network}, at the worst number of slots (${worst.slots})`,
    target: WITHOUT_POOL,
    measured: withoutPool(worst),
  };
  return { text, aims: [...aims, withoutPoolAim] };
}

function rates({ runs, jobs }: Measured, way: Way): number[] {
  return (runs[way] ?? []).map(({ ms }) => (jobs * 1000) / ms);
}

function costs(measured: Measured, way: Way): CostRow {
  const { slots, jobs, runs, memory } = measured;
  const own = runs[way] ?? [];
  return {
    name: `${slots}: ${NAMES[way]}`,
    jobsPerSecond: median(rates(measured, way)),
    latenciesMs: own.flatMap(({ latenciesMs }) => latenciesMs),
    spentPerJob: eachPart((part) => median(own.map(({ spent }) => spent[part])) / jobs),
    memory: memory[way],
  };
}
