import { expect, test } from 'vitest';
import { type Aim, aimsTable, headlines, isMet, type Target, targetText } from './aims.ts';

const met = (target: Target, measured: number): boolean => isMet({ what: 'a', target, measured });

test('a limit itself is met by what is to be at most or at least that, and missed by what is to be below', () => {
  expect([1.9, 2, 2.1].map((measured) => met({ atMost: 2 }, measured))).toEqual([
    true,
    true,
    false,
  ]);
  expect([1.9, 2, 2.1].map((measured) => met({ atLeast: 2 }, measured))).toEqual([
    false,
    true,
    true,
  ]);
  expect([1.9, 2, 2.1].map((measured) => met({ below: 2 }, measured))).toEqual([
    true,
    false,
    false,
  ]);
});

test('a target reads as a comparison with its unit', () => {
  expect(targetText({ atMost: 15, unit: 'ms' })).toBe('≤ 15 ms');
  expect(targetText({ atLeast: 0.95 })).toBe('≥ 0.95');
  expect(targetText({ below: 1 })).toBe('< 1');
});

test('the table has the aims in the order of the scenarios, and says which were missed', () => {
  const late: Aim = {
    what: 'an answer',
    target: { below: 8, unit: 'ms' },
    measured: 9.26,
    digits: 1,
  };
  const fast: Aim = { what: 'a ratio', target: { atLeast: 1.5 }, measured: 1.777 };
  expect(aimsTable({ second: [late], first: [fast] }, ['first', 'second', 'never run'])).toBe(
    [
      '|           | target | measured |            | scenario |',
      '| --------- | -----: | -------: | ---------: | -------: |',
      '| a ratio   |  ≥ 1.5 |     1.78 |        met |  `first` |',
      '| an answer | < 8 ms |   9.3 ms | **missed** | `second` |',
    ].join('\n'),
  );
});

test('the headlines are those that have a short form, and count all', () => {
  const answer: Aim = { what: 'p50 of x', inShort: 'an answer', target: { below: 8 }, measured: 9 };
  const other: Aim = { what: 'y', target: { atLeast: 1 }, measured: 1 };
  expect(headlines({ one: [other, answer] }, ['one', 'never run'])).toBe(
    [
      '|           | target | measured |            |',
      '| --------- | -----: | -------: | ---------: |',
      '| an answer |    < 8 |     9.00 | **missed** |',
      '',
      'Of all 2 figures that were aimed at, 1 were met and 1 missed.',
    ].join('\n'),
  );
});
