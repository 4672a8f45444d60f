import { quantile } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import type { LoadPoint, LoadSweep } from '../simulation/load-sweep.ts';
import { PARTS, type Part } from '../simulation/process-costs.ts';

const NAMES: Readonly<Record<Part, string>> = {
  api: 'API',
  workers: 'workers',
  redis: 'Redis',
  client: 'client',
};
/** From here on a core, or a machine, has nothing left. */
const FULL = 0.9;

export function loadTable({ points }: LoadSweep): string {
  const header = ['jobs/s asked for', 'done', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'refused'];
  return table(
    [...header, ...PARTS.map((part) => `${NAMES[part]} cores`), 'machine'],
    points.map((point) => [
      figure(point.offeredPerSecond, 0),
      figure(point.donePerSecond, 0),
      ...[0.5, 0.95, 0.99, 1].map((share) => figure(quantile(point.latenciesMs, share))),
      String(point.refused),
      ...PARTS.map((part) => figure(point.cores[part], 2)),
      `${figure(point.machineBusy * 100, 0)} %`,
    ]),
  );
}

/** What the limit is, and which part it is, from where the CPUs were at the highest rate. */
export function saturation({ points, leftOver, standStills: [longest] }: LoadSweep): string {
  const best = points.reduce((a, b) => (a.donePerSecond > b.donePerSecond ? a : b));
  const jobs = points.reduce((sum, point) => sum + point.jobs, 0);
  const refused = points.reduce((sum, point) => sum + point.refused, 0);
  const left = leftOver.length === 0 ? 'nothing of them was left in Redis' : leftOver.join(', ');
  return [
    `The most was ${figure(best.donePerSecond, 0)} jobs/s. ${limitOf(best)}`,
    refused === 0
      ? `All ${jobs} jobs of the table were answered right; ${left}.`
      : `${refused} of the ${jobs} requests of the table were refused with 503 and \`Retry-After\`, as more came than Redis took in; all others were answered right; ${left}.`,
    longest === undefined
      ? ''
      : `Redis stood still for ${figure(longest.ms, 0)} ms at most (\`${longest.what}\`).`,
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function limitOf({ cores, machineBusy }: LoadPoint): string {
  const shares = [...PARTS]
    .sort((a, b) => cores[b] - cores[a])
    .map((part) => `${NAMES[part]} ${figure(cores[part], 2)}`)
    .join(', ');
  if (machineBusy >= FULL) return `There the machine had no core left: ${shares}.`;
  const full = PARTS.find((part) => part !== 'workers' && cores[part] >= FULL);
  if (full !== undefined) return `There ${NAMES[full]}, one thread, had its core full: ${shares}.`;
  return `There neither a core nor the machine was full (${shares}): Redis waits for its disk after each batch of writes.`;
}
