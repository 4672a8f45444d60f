import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RunLimit } from './run-limit.ts';

let limit: RunLimit;

beforeEach(() => {
  vi.useFakeTimers();
  limit = new RunLimit(1000);
});
afterEach(() => {
  limit.end();
  vi.useRealTimers();
});

test('is none as long as no claim was held back', () => {
  const answers = Array.from({ length: 9 }, () => limit.ask());
  for (const answered of answers) answered('claimed');
  expect(limit.free).toBe(Number.POSITIVE_INFINITY);
});

test('nothing is taken after a claim that was held back, until there is news', () => {
  limit.ask()('held-back');
  expect(limit.free).toBe(0);
  limit.news();
  expect(limit.free).toBe(1);
});

test('one is tried at a time, and more with each that succeeds', () => {
  limit.ask()('held-back');
  limit.news();
  const answered = limit.ask();
  expect(limit.free).toBe(0);
  answered('claimed');
  expect(limit.free).toBe(2);
  limit.ask()('held-back');
  expect(limit.free).toBe(0);
});

test('an answer that is none of a place, or none at all, changes nothing, and counts once', () => {
  limit.ask()('held-back');
  limit.news();
  for (const kind of ['over', 'leased', null] as const) {
    const answered = limit.ask();
    answered(kind);
    answered('claimed');
    answered('held-back');
    expect(limit.free).toBe(1);
  }
});

test('news that comes before the answer it was too late for is not lost', () => {
  const answered = limit.ask();
  limit.news();
  answered('held-back');
  expect(limit.free).toBe(1);
});

test('looks again by itself, whatever was said and missed', () => {
  limit.ask()('held-back');
  vi.advanceTimersByTime(1000);
  expect(limit.free).toBe(1);
  limit.ask()('held-back');
  expect(limit.free).toBe(0);
  vi.advanceTimersByTime(1000);
  expect(limit.free).toBe(1);
});
