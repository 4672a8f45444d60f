import type { Answer } from '../jobs/conjob-job.ts';
import { differences, median, ratios, summarize } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';

export const TARGET_OVERHEAD_MS = 15;

export interface EchoRun {
  /** Until output and exit code were known. */
  readonly knownMs: number;
  /** Until the container was gone as well. */
  readonly removedMs: number;
  /** False when the machine had other things to do at the start, for seconds. */
  readonly wasCalm: boolean;
  readonly parts?: Answer['parts'];
}

/** What the runs say, as tables. Values of the same index were measured in the same round. */
export function reportEcho(
  { conJob, bare, dockerRun }: Record<'conJob' | 'bare' | 'dockerRun', readonly EchoRun[]>,
  cliVersion: string | undefined,
): string {
  const known = (runs: readonly EchoRun[]) => runs.map(({ knownMs }) => knownMs);
  const removed = (runs: readonly EchoRun[]) => runs.map(({ removedMs }) => removedMs);
  const row = (name: string, values: readonly number[]) => {
    const { p50, p95, min, max } = summarize(values);
    return [name, ...[p50, p95, min, max].map((ms) => figure(ms))];
  };
  const overhead = differences(known(conJob), known(bare));
  const lines = [
    table(
      ['way', 'p50 ms', 'p95 ms', 'min ms', 'max ms'],
      [
        row('ConJob: answer', known(conJob)),
        row('ConJob: removed', removed(conJob)),
        row('bare: answer', known(bare)),
        row('bare: removed', removed(bare)),
        ...(dockerRun.length > 0 ? [row('docker run --rm', removed(dockerRun))] : []),
      ],
    ),
    '',
    table(
      ['compared within a round', 'p50', 'target'],
      [
        ['answer: ConJob − bare', `${figure(median(overhead))} ms`, `≤ ${TARGET_OVERHEAD_MS} ms`],
        [
          'removed: ConJob − bare',
          `${figure(median(differences(removed(conJob), removed(bare))))} ms`,
          '',
        ],
        [
          'ConJob answer − bare removed',
          `${figure(median(differences(known(conJob), removed(bare))))} ms`,
          '',
        ],
        ...(dockerRun.length > 0
          ? [
              [
                'ConJob answer / docker run',
                figure(median(ratios(known(conJob), known(dockerRun))), 2),
                '< 1',
              ],
              [
                'ConJob removed / docker run',
                figure(median(ratios(removed(conJob), removed(dockerRun))), 2),
                '',
              ],
            ]
          : []),
      ],
    ),
    '',
    `${conJob.length} rounds. ${restless([...conJob, ...bare, ...dockerRun])}`,
    `Medians of the parts in ms: ConJob ${partsOf(conJob)}; bare ${partsOf(bare)}.`,
    cliVersion === undefined ? 'There was no docker command on PATH.' : `CLI: ${cliVersion}.`,
  ];
  return lines.join('\n');
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
