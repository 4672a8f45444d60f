import { expect, test } from 'vitest';
import { reasonError } from './reason.ts';

test.each(['', 'superseded by build 7', 'ünïcode 🙂', 'x'.repeat(255)])('takes %j', (reason) => {
  expect(reasonError(reason)).toBeUndefined();
});

test.each([
  ['x'.repeat(256), 'At most 255 characters.'],
  ['two\nlines', 'Must be one line without control characters.'],
  ['bell \u0007', 'Must be one line without control characters.'],
  ['a line \u2028 separator', 'Must be one line without control characters.'],
  ['\ud800', 'Must not contain half a surrogate pair.'],
  [7, 'Must be text.'],
  [null, 'Must be text.'],
])('refuses %j', (reason, message) => {
  expect(reasonError(reason)).toEqual({ path: 'reason', message });
});
