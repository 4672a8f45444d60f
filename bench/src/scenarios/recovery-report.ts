import { median, quantile } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';

/** One line of the table. */
export interface Measured {
  readonly what: string;
  /** What is aimed at, and of which column; empty for a comparison. */
  readonly target?: string;
  /** Times in ms, whatever unit they are shown in; ratios; or counts. */
  readonly values: readonly number[];
  readonly unit: 'ms' | 's' | '×' | '';
  /** Of how many rounds, and what there were several of in each. */
  readonly rounds: string;
}

/** So many values a 99th percentile needs at least. */
const ENOUGH_FOR_P99 = 100;

export function reportRecovery(rows: readonly Measured[]): string {
  return table(['what', 'target', 'p50', 'p99', 'max', 'rounds'], rows.map(cells));
}

function cells({ what, target = '', values, unit, rounds }: Measured): string[] {
  if (values.length === 0) return [what, target, '', '', '', rounds];
  const p99 = values.length < ENOUGH_FOR_P99 ? '' : show(quantile(values, 0.99), unit);
  return [what, target, show(median(values), unit), p99, show(Math.max(...values), unit), rounds];
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
