import { median, quantile } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';

/** One line of the table. */
export interface Measured {
  readonly what: string;
  /** What is aimed at; none for a comparison. */
  readonly target?: Target;
  /** Times in ms, whatever unit they are shown in; ratios; or counts. */
  readonly values: readonly number[];
  readonly unit: 'ms' | 's' | '×' | '';
  /** Of how many rounds, and what there were several of in each. */
  readonly rounds: string;
}

/** Of one of the columns, in ms; or of a count. */
interface Target {
  readonly of: keyof typeof COLUMNS;
  readonly atMost: number;
}

const COLUMNS = {
  p50: median,
  p99: (values: readonly number[]) => quantile(values, 0.99),
  max: (values: readonly number[]) => Math.max(...values),
};

/** So many values a 99th percentile needs at least. */
const ENOUGH_FOR_P99 = 100;

export function reportRecovery(rows: readonly Measured[]): string {
  return table(['what', 'target', '', 'p50', 'p99', 'max', 'rounds'], rows.map(cells));
}

function cells({ what, target, values, unit, rounds }: Measured): string[] {
  const aim = target === undefined ? '' : `${target.of} ≤ ${aimed(target.atMost, unit)}`;
  if (values.length === 0) return [what, aim, '', '', '', '', rounds];
  const isMet = target === undefined || COLUMNS[target.of](values) <= target.atMost;
  const verdict = target === undefined ? '' : isMet ? '✓' : '**missed**';
  const p99 = values.length < ENOUGH_FOR_P99 ? '' : show(COLUMNS.p99(values), unit);
  return [
    what,
    aim,
    verdict,
    show(median(values), unit),
    p99,
    show(COLUMNS.max(values), unit),
    rounds,
  ];
}

/** Without digits that nobody has aimed at. */
function aimed(value: number, unit: Measured['unit']): string {
  if (unit === '' || unit === '×') return `${value}`;
  return value < 1000 ? `${value} ms` : `${value / 1000} s`;
}

function show(value: number, unit: Measured['unit']): string {
  switch (unit) {
    case '':
      return figure(value, 0);
    case '×':
      return `${figure(value, 2)} ×`;
    case 'ms':
      return `${figure(value, value < 100 ? 1 : 0)} ms`;
    case 's':
      return `${figure(value / 1000, 2)} s`;
  }
}
