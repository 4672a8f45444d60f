import type { Answer, Network } from '../jobs/conjob-job.ts';
import { type Aim, type Target, targetText } from '../report/aims.ts';
import { costsTable } from '../report/costs-table.ts';
import { differences, mean, median, ratios } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import { eachPart, type Memory, type Spent } from '../stage/spent.ts';
import { VARIANT_NAMES, type Variant } from '../stage/variants.ts';
import type { Results } from './scenario.ts';

export const TARGET_OVERHEAD_MS = 15;
/** Of what `docker run` takes. */
const TARGET_SHARES = { none: 0.58, bridge: 0.6 } as const;
const TARGET_SHARE_CRUN = 0.5;

export type Way = Variant | 'bare' | 'dockerRun';

const NAMES: Readonly<Record<Way, string>> = {
  ...VARIANT_NAMES,
  bare: 'bare sequence',
  dockerRun: 'docker run --rm',
};

export interface EchoRun {
  /** Until output and exit code were known. */
  readonly knownMs: number;
  /** False when the machine had other things to do at the start, for seconds. */
  readonly wasCalm: boolean;
  readonly parts?: Answer['parts'];
  /** CPU time, until the container was removed. */
  readonly spent: Spent;
}

/** What the runs say, as tables. Values of the same index were measured in the same round. */
export function reportEcho(
  network: Network,
  runs: Readonly<Partial<Record<Way, readonly EchoRun[]>>>,
  memory: Readonly<Partial<Record<Way, Memory>>>,
  cliVersion: string | undefined,
): Results {
  const ways = (Object.keys(NAMES) as Way[]).filter((way) => runs[way] !== undefined);
  const known = (way: Way) => (runs[way] ?? []).map(({ knownMs }) => knownMs);
  const all = ways.flatMap((way) => runs[way] ?? []);
  const shares = cliVersion === undefined ? [] : compareWithDocker(network, ways, known);
  const overhead: Aim = {
    what: `\`echo\` without held networks − bare sequence, ${network}`,
    target: { atMost: TARGET_OVERHEAD_MS, unit: 'ms' },
    measured: median(differences(known('noPool'), known('bare'))),
    digits: 1,
  };
  const lines = [
    `### Network \`${network}\``,
    '',
    costsTable(
      ways.map((way) => ({
        name: NAMES[way],
        jobsPerSecond: 1000 / mean(known(way)),
        latenciesMs: known(way),
        spentPerJob: eachPart((part) => mean((runs[way] ?? []).map(({ spent }) => spent[part]))),
        memory: memory[way],
      })),
    ),
    '',
    table(
      ['compared within a round', 'p50', 'target'],
      [
        ...shares.map(({ variant, share, target }) => [
          `${NAMES[variant]} / ${NAMES.dockerRun}`,
          figure(share, 2),
          target === undefined ? '' : targetText(target),
        ]),
        [
          `${NAMES.noPool} − ${NAMES.bare}`,
          `${figure(overhead.measured)} ms`,
          targetText(overhead.target),
        ],
      ],
    ),
    '',
    `${known('bare').length} rounds. ${restless(all)}`,
    `Medians of the parts in ms: ${ways
      .filter((way) => runs[way]?.[0]?.parts !== undefined)
      .map((way) => `${NAMES[way]}: ${partsOf(runs[way] ?? [])}`)
      .join('; ')}.`,
    cliVersion === undefined ? 'There was no docker command on PATH.' : `CLI: ${cliVersion}.`,
  ];
  const aims = shares.flatMap(({ variant, share, target }): Aim[] =>
    target === undefined
      ? []
      : [
          {
            what: `\`echo\`: ${NAMES[variant]} ÷ docker run, ${network}`,
            ...(variant === 'reuse' && {
              inShort: `time of a job that runs \`echo\` ÷ \`docker run --rm\`, network \`${network}\``,
            }),
            target,
            measured: share,
          },
        ],
  );
  return { text: lines.join('\n'), aims: [...aims, overhead] };
}

interface Compared {
  readonly variant: Variant;
  readonly share: number;
  readonly target: Target | undefined;
}

function compareWithDocker(
  network: Network,
  ways: readonly Way[],
  known: (way: Way) => number[],
): Compared[] {
  const targets: Readonly<Record<Variant, Target | undefined>> = {
    reuse: { atMost: TARGET_SHARES[network] },
    never: undefined,
    noPool: { below: 1 },
    crun: network === 'none' ? { atMost: TARGET_SHARE_CRUN } : undefined,
  };
  const variants = (Object.keys(targets) as Variant[]).filter((variant) => ways.includes(variant));
  return variants.map((variant) => ({
    variant,
    share: median(ratios(known(variant), known('dockerRun'))),
    target: targets[variant],
  }));
}

/** Where the time of the answers went; ConJob says it in Server-Timing. */
function partsOf(runs: readonly EchoRun[]): string {
  const names = Object.keys(runs[0]?.parts ?? {});
  const medians = names.map((name) => ({
    name,
    ms: median(runs.map((run) => run.parts?.[name] ?? 0)),
  }));
  const rest = median(
    runs.map(({ knownMs, parts = {} }) =>
      names.reduce((left, name) => left - (parts[name] ?? 0), knownMs),
    ),
  );
  const told = medians.map(({ name, ms }) => `${name} ${figure(ms, 0)}`).join(', ');
  return `${told}, rest ${figure(rest)}`;
}

function restless(runs: readonly EchoRun[]): string {
  const disturbed = runs.filter(({ wasCalm }) => !wasCalm).length;
  return `${disturbed} of ${runs.length} runs began on a machine that was busy.`;
}
