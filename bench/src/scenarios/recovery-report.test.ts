import { expect, test } from 'vitest';
import { type Measured, reportRecovery } from './recovery-report.ts';

const row = (part: Partial<Measured>): string[] => {
  const measured: Measured = { what: 'x', values: [1], unit: 'ms', rounds: '1', ...part };
  const line = reportRecovery([measured]).split('\n').at(-1) ?? '';
  return line.split('|').map((cell) => cell.trim());
};

test('a row has its target, median, maximum and rounds', () => {
  const cells = row({ target: 'p50 ≤ 1 s', values: [800, 900, 1300], rounds: '3' });
  expect(cells).toEqual(['', 'x', 'p50 ≤ 1 s', '900 ms', '', '1300 ms', '3', '']);
});

test('a 99th percentile is given only where there are values enough for one', () => {
  expect(row({ values: Array.from({ length: 99 }, () => 5) })[4]).toBe('');
  expect(row({ values: Array.from({ length: 100 }, () => 5) })[4]).toBe('5.0 ms');
});

test('long times are shown in seconds, ratios and counts as such', () => {
  expect(row({ values: [31_234], unit: 's' })[3]).toBe('31.23 s');
  expect(row({ values: [1.256], unit: '×' })[3]).toBe('1.26 ×');
  expect(row({ values: [0], unit: '' })[3]).toBe('0');
});

test('what could not be measured is left empty', () => {
  expect(row({ values: [] }).slice(3, 6)).toEqual(['', '', '']);
});
