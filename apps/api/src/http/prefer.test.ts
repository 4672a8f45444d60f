import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  appliedPreferences,
  preferredWaitSeconds,
  readPreferences,
  remainingMs,
} from './prefer.ts';

const waitOf = (prefer?: string) => preferredWaitSeconds(readPreferences(prefer));

test.each([
  ['wait=10', 10],
  ['respond-async, wait=0', 0],
  ['WAIT = "7"', 7],
  ['wait=5; foo=bar', 5],
  ['wait=1, wait=2', 1],
  ['wait=999999999', 2_147_483],
  ['foo="a, wait=3", wait=4', 4],
  ['foo="wait=3\\", wait=4", wait=5', 5],
  ['respond-async', 0],
  ['handling=lenient, Respond-Async;x=y', 0],
])('reads %s', (prefer, seconds) => {
  expect(waitOf(prefer)).toBe(seconds);
});

test.each([
  undefined,
  '',
  'wait',
  'wait=',
  'wait=-1',
  'wait=1.5',
  'wait=ten',
  'wait=1 2',
  'respond-async=no',
  'x-wait=1',
  '"wait=1',
])('ignores %s', (prefer) => {
  expect(waitOf(prefer)).toBeUndefined();
});

test.each([
  ['wait=5', 'wait=5'],
  ['wait=5, respond-async', 'respond-async, wait=5'],
  ['respond-async; foo', 'respond-async'],
  ['return=minimal', undefined],
])('of %s says that it applied %s', (prefer, applied) => {
  expect(appliedPreferences(readPreferences(prefer))).toBe(applied);
});

test('reads whatever is sent, and says only what can be read again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), (prefer) => {
      const preferences = readPreferences(prefer);
      const applied = appliedPreferences(preferences);
      expect(readPreferences(applied)).toEqual(preferences);
    }),
  );
});

test('what a client has waited before counts', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const came = performance.now();
  vi.advanceTimersByTime(400);
  expect(remainingMs(1, came)).toBe(600);
  vi.advanceTimersByTime(700);
  expect(remainingMs(1, came)).toBe(0);
});
