import { expect, test } from 'vitest';
import { table } from './table.ts';

test('columns are as wide as their widest cell, and figures stand at the right', () => {
  expect(
    table(
      ['way', 'p50 ms'],
      [
        ['ConJob', '9'],
        ['x', '1234567'],
      ],
    ),
  ).toBe(
    [
      '| way    |  p50 ms |',
      '| ------ | ------: |',
      '| ConJob |       9 |',
      '| x      | 1234567 |',
    ].join('\n'),
  );
});
