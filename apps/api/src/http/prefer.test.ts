import { expect, test } from 'vitest';
import { preferredWaitSeconds } from './prefer.ts';

test.each([
  ['wait=10', 10],
  ['respond-async, wait=0', 0],
  ['WAIT = "7"', 7],
  ['wait=5; foo=bar', 5],
  ['wait=1, wait=2', 1],
  ['wait=999999999', 2_147_483],
])('reads %s', (prefer, seconds) => {
  expect(preferredWaitSeconds(prefer)).toBe(seconds);
});

test.each([undefined, '', 'respond-async', 'wait', 'wait=', 'wait=-1', 'wait=1.5', 'wait=ten'])(
  'ignores %s',
  (prefer) => {
    expect(preferredWaitSeconds(prefer)).toBeUndefined();
  },
);
