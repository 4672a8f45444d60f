import type { RowResult } from './row-result.ts';

const MIB = 1024 * 1024;

const COLUMNS: readonly (readonly [title: string, cell: (result: RowResult) => string])[] = [
  ['row', ({ row }) => row],
  ['fault', ({ fault }) => fault],
  ['seed', ({ seed }) => String(seed)],
  ['operations', ({ operations }) => String(operations)],
  ['ok / fail / unknown', ({ ok, fail, unknown }) => `${ok} / ${fail} / ${unknown}`],
  ['lost', ({ lost }) => String(lost)],
  ['doubled', ({ doubled }) => String(doubled)],
  ['overlap ms', ({ overlapMs }) => String(Math.round(overlapMs))],
  ['orphans', ({ orphans }) => String(orphans)],
  ['recovery p50 / max', ({ recoveryMs }) => recovery(recoveryMs)],
  ['peak RSS', ({ peakBytes }) => `${Math.round(peakBytes / MIB)} MiB`],
  ['', ({ violations }) => (violations.length === 0 ? '✓' : `✗ ${violations.length}`)],
];

/** A Markdown table: the forms of a row together, each with its seeds. */
export function markdownTable(results: readonly RowResult[]): string {
  return markdown(
    COLUMNS.map(([title]) => title),
    inOrder(results).map((result) => COLUMNS.map(([, cell]) => cell(result))),
  );
}

/** What else rows have measured; each with its seed where seeds differ. Empty without any. */
export function figuresTable(results: readonly RowResult[]): string {
  const seen = inOrder(results).flatMap(({ row, seed, figures }) =>
    Object.entries(figures).map(([what, value]) => ({ row, what, seed, value })),
  );
  const groups = Map.groupBy(seen, ({ row, what }) => `${row}\n${what}`);
  const lines = [...groups.values()].map((group) => {
    const [{ row, what } = { row: '', what: '' }] = group;
    const values = new Set(group.map(({ value }) => value));
    const told = values.size > 1 ? group.map(({ seed, value }) => `${seed}: ${value}`) : values;
    return [row, what, [...told].join('<br>')];
  });
  return lines.length === 0 ? '' : markdown(['row', 'what', 'measured'], lines);
}

function inOrder(results: readonly RowResult[]): RowResult[] {
  return results.toSorted(
    (one, other) =>
      one.row.localeCompare(other.row, 'en', { numeric: true }) || one.seed - other.seed,
  );
}

function markdown(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, titles.map(() => '---'), ...rows];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('');
}

function recovery(times: readonly number[]): string {
  if (times.length === 0) return '–';
  const sorted = times.toSorted((one, other) => one - other);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  return `${seconds(middle)} / ${seconds(sorted.at(-1) ?? 0)}`;
}
