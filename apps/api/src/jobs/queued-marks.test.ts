import { createLogger } from '@conjob/shared';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { QueuedMarks } from './queued-marks.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const queued = vi.fn(async (_id: string) => {});
const listeners = new Map<string, (state: string) => void>();
const events = {
  subscribe(id: string, listener: (state: string) => void) {
    listeners.set(id, listener);
    return () => void listeners.delete(id);
  },
};
let marks: QueuedMarks;

beforeEach(() => {
  vi.useFakeTimers();
  queued.mockClear();
  marks = new QueuedMarks({ ledger: { queued }, events, logger });
});
afterEach(() => {
  marks.close();
  vi.useRealTimers();
  expect(listeners.size).toBe(0);
});

const marked = () => queued.mock.calls.map(([id]) => id);

test('a job that still waits after a second is marked, once', () => {
  marks.mark('a');
  expect(marked()).toEqual([]);
  vi.advanceTimersByTime(10_000);
  expect(marked()).toEqual(['a']);
});

test('a job that a worker has taken meanwhile needs no mark', () => {
  marks.mark('a');
  marks.mark('b');
  listeners.get('a')?.('queued');
  listeners.get('b')?.('running');
  vi.advanceTimersByTime(10_000);
  expect(marked()).toEqual(['a']);
});

test('each job has its own second', () => {
  marks.mark('a');
  vi.advanceTimersByTime(900);
  marks.mark('b');
  vi.advanceTimersByTime(150);
  expect(marked()).toEqual(['a']);
  vi.advanceTimersByTime(2000);
  expect(marked()).toEqual(['a', 'b']);
});

test('what is left is marked when the process shuts down', () => {
  marks.mark('a');
  marks.close();
  expect(marked()).toEqual(['a']);
  expect(vi.getTimerCount()).toBe(0);
});

test('a mark that can not be written keeps no other from being written', async () => {
  queued.mockRejectedValueOnce(new Error('Redis is away'));
  marks.mark('a');
  marks.mark('b');
  await vi.advanceTimersByTimeAsync(2000);
  expect(marked()).toEqual(['a', 'b']);
});
