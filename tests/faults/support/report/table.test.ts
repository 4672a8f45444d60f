import { expect, it } from 'vitest';
import type { RowResult } from './row-result.ts';
import { brokenPromises, figuresTable, resultsTable, rowsTable, seedsTable } from './table.ts';

const result = (row: string, seed: number, more: Partial<RowResult> = {}): RowResult => ({
  ...{ row, seed, fault: `fault ${row}`, operations: 2, ok: 1, fail: 0, unknown: 1 },
  ...{ lost: 0, doubled: 0, overlapMs: 0, orphans: 0, recoveryMs: [1000], peakBytes: 2 ** 20 },
  ...{ controls: [], figures: {}, violations: [], tookMs: 1, ...more },
});
const bad = { lost: 1, overlapMs: 7, recoveryMs: [3000], violations: ['I1: gone'] };
const RESULTS = [
  result('10 long', 2),
  result('2', 2, bad),
  result('10 long', 1),
  result('2', 1),
  result('10 short', 1),
];
const linesOf = (table: string) => table.trimEnd().split('\n').slice(2);

it('each result has a line, rows in the order of their numbers', () => {
  expect(linesOf(resultsTable(RESULTS)).map((line) => line.slice(0, 28))).toEqual([
    '| 2 | fault 2 | 1 | 2 | 1 / ',
    '| 2 | fault 2 | 2 | 2 | 1 / ',
    '| 10 long | fault 10 long | ',
    '| 10 long | fault 10 long | ',
    '| 10 short | fault 10 short ',
  ]);
});

it('the seeds of a row add up, and its worst times stand', () => {
  const [first, second, third] = linesOf(rowsTable(RESULTS));
  expect(first).toBe(
    '| <a id="row-2"></a>2 | fault 2 | 4 | 2 / 0 / 2 | 1 | 0 | 7 | 0 | 1.0 s / 3.0 s | 1 MiB | 1 ✓ · 2 ✗ 1 |',
  );
  expect(second).toContain('| <a id="row-10"></a>10 long |');
  expect(third).toContain('| 10 short |');
});

it('each seed has a line, with how many of its rows hold', () => {
  expect(linesOf(seedsTable(RESULTS)).map((line) => line.slice(0, 28))).toEqual([
    '| 1 | 3 of 3 | 6 | 3 / 0 / 3',
    '| 2 | 1 of 2 | 4 | 2 / 0 / 2',
  ]);
});

it('what did not hold is told', () => {
  expect(brokenPromises(RESULTS)).toBe('- Row 2, seed 2: I1: gone\n');
  expect(brokenPromises([])).toBe('');
});

it('a figure has its seeds only where these differ', () => {
  const [same, differs] = [{ exit: '0' }, { took: '1 ms' }];
  const figures = figuresTable([
    result('1', 1, { figures: { ...same, ...differs } }),
    result('1', 2, { figures: { ...same, took: '2 ms' } }),
  ]);
  expect(linesOf(figures)).toEqual(['| 1 | exit | 0 |', '| 1 | took | 1: 1 ms<br>2: 2 ms |']);
  expect(figuresTable([])).toBe('');
});
