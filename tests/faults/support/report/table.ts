import { type Column, markdownTable } from './markdown.ts';
import type { RowResult } from './row-result.ts';
import { type Tally, talliesBy } from './tally.ts';

const MIB = 1024 * 1024;

/** What a fault is reported with, of one result or of several together. */
const COLUMNS: readonly Column<Tally>[] = [
  ['operations', ({ operations }) => String(operations)],
  ['ok / fail / unknown', ({ ok, fail, unknown }) => `${ok} / ${fail} / ${unknown}`],
  ['lost', ({ lost }) => String(lost)],
  ['doubled', ({ doubled }) => String(doubled)],
  ['overlap ms', ({ overlapMs }) => String(Math.round(overlapMs))],
  ['orphans', ({ orphans }) => String(orphans)],
  ['recovery p50 / max', ({ recoveryMs }) => recovery(recoveryMs)],
  ['peak RSS', ({ peakBytes }) => `${Math.round(peakBytes / MIB)} MiB`],
];

const rowOf = ({ results: [first] }: Tally): string => first?.row ?? '';
const FAULT: Column<Tally> = ['fault', ({ results: [first] }) => first?.fault ?? ''];
const SEED: Column<Tally> = ['seed', ({ results: [first] }) => String(first?.seed ?? '')];

/** One line for each result: the forms of a row together, each with its seeds. */
export function resultsTable(results: readonly RowResult[]): string {
  const each = talliesBy(inOrder(results), ({ row, seed }) => `${row}\n${seed}`);
  return markdownTable([['row', rowOf], FAULT, SEED, ...COLUMNS, ['', verdict]], each);
}

/** One line for each row, with all its seeds together. A link can go to `#row-7`. */
export function rowsTable(results: readonly RowResult[]): string {
  const rows = talliesBy(inOrder(results), ({ row }) => row);
  const numberOf = (row: Tally) => Number.parseInt(rowOf(row), 10);
  const isFirstForm = (row: Tally) =>
    rows.find((other) => numberOf(other) === numberOf(row)) === row;
  const anchor = (row: Tally) => (isFirstForm(row) ? `<a id="row-${numberOf(row)}"></a>` : '');
  const row: Column<Tally> = ['row', (one) => `${anchor(one)}${rowOf(one)}`];
  return markdownTable([row, FAULT, ...COLUMNS, ['seeds', verdict]], rows);
}

/** One line for each seed, with all rows together. */
export function seedsTable(results: readonly RowResult[]): string {
  const seeds = talliesBy(
    results.toSorted((one, other) => one.seed - other.seed),
    ({ seed }) => seed,
  );
  const kept = ({ results: all }: Tally) =>
    `${all.filter(({ violations }) => violations.length === 0).length} of ${all.length}`;
  return markdownTable([SEED, ['rows that hold', kept], ...COLUMNS], seeds);
}

/** What else rows have measured; each with its seed where seeds differ. Empty without any. */
export function figuresTable(results: readonly RowResult[]): string {
  const seen = inOrder(results).flatMap(({ row, seed, figures }) =>
    Object.entries(figures).map(([what, value]) => ({ row, what, seed, value })),
  );
  const groups = [...Map.groupBy(seen, ({ row, what }) => `${row}\n${what}`).values()];
  if (groups.length === 0) return '';
  type Group = (typeof groups)[number];
  const told = (group: Group) => {
    const values = new Set(group.map(({ value }) => value));
    return values.size > 1 ? group.map(({ seed, value }) => `${seed}: ${value}`) : [...values];
  };
  const columns: readonly Column<Group>[] = [
    ['row', ([first]) => first?.row ?? ''],
    ['what', ([first]) => first?.what ?? ''],
    ['measured', (group) => told(group).join('<br>')],
  ];
  return markdownTable(columns, groups);
}

/** What was promised and not kept, in the words of the checker; empty when all was. */
export function brokenPromises(results: readonly RowResult[]): string {
  return inOrder(results)
    .flatMap(({ row, seed, violations }) =>
      violations.map((says) => `- Row ${row}, seed ${seed}: ${says}\n`),
    )
    .join('');
}

function inOrder(results: readonly RowResult[]): RowResult[] {
  return results.toSorted(
    (one, other) =>
      one.row.localeCompare(other.row, 'en', { numeric: true }) || one.seed - other.seed,
  );
}

/** With which seeds it holds; of one result alone, whether it does. */
function verdict({ results }: Tally): string {
  const mark = ({ violations }: RowResult) =>
    violations.length === 0 ? '✓' : `✗ ${violations.length}`;
  if (results.length === 1) return results.map(mark).join('');
  return results.map((result) => `${result.seed} ${mark(result)}`).join(' · ');
}

function recovery(times: readonly number[]): string {
  if (times.length === 0) return '–';
  const sorted = times.toSorted((one, other) => one - other);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  return `${seconds(middle)} / ${seconds(sorted.at(-1) ?? 0)}`;
}
