import { expect, test } from 'vitest';
import { type Measured, reportRecovery } from './recovery-report.ts';

const row = (part: Partial<Measured>): string[] => {
  const measured: Measured = { what: 'x', values: [1], unit: 'ms', rounds: '1', ...part };
  const line = reportRecovery([measured]).split('\n').at(-1) ?? '';
  return line.split('|').map((cell) => cell.trim());
};

test('a row has its target, whether that is met, median, maximum and rounds', () => {
  const measured = { values: [800, 900, 1300], rounds: '3' };
  const cells = row({ target: { of: 'p50', atMost: 1000 }, ...measured });
  expect(cells).toEqual(['', 'x', 'p50 ≤ 1 s', '✓', '900 ms', '', '1300 ms', '3', '']);
  const missed = row({ target: { of: 'max', atMost: 1000 }, ...measured });
  expect(missed.slice(2, 4)).toEqual(['max ≤ 1 s', '**missed**']);
});

test('a target has the unit that it is read in', () => {
  const target = (atMost: number, unit: Measured['unit']) =>
    row({ target: { of: 'max', atMost }, unit })[2];
  expect(target(100, 'ms')).toBe('max ≤ 100 ms');
  expect(target(2500, 's')).toBe('max ≤ 2.5 s');
  expect(target(0, '')).toBe('max ≤ 0');
});

test('a 99th percentile is given only where there are values enough for one', () => {
  expect(row({ values: Array.from({ length: 99 }, () => 5) })[5]).toBe('');
  expect(row({ values: Array.from({ length: 100 }, () => 5) })[5]).toBe('5.0 ms');
});

test('long times are shown in seconds, ratios and counts as such', () => {
  expect(row({ values: [31_234], unit: 's' })[4]).toBe('31.23 s');
  expect(row({ values: [1.256], unit: '×' })[4]).toBe('1.26 ×');
  expect(row({ values: [0], unit: '' })[4]).toBe('0');
});

test('what could not be measured is left empty', () => {
  expect(row({ values: [] }).slice(3, 7)).toEqual(['', '', '', '']);
});
