import { expect, test } from 'vitest';
import { lostJobs } from './recovery-jobs.ts';

const queued = { state: 'queued', conclusion: null } as const;

test('a job that waits, runs or has ended well is not lost', () => {
  const known = [
    { id: 'a', ...queued },
    { id: 'b', state: 'running', conclusion: null },
    { id: 'c', state: 'finished', conclusion: 'SUCCESS' },
  ] as const;
  expect(lostJobs(['a', 'b', 'c'], known)).toEqual([]);
});

test('a job that nobody knows any more is lost', () => {
  expect(lostJobs(['a', 'b'], [{ id: 'a', ...queued }])).toEqual(['b']);
});

test('a job that failed at the restart is lost', () => {
  const known = [{ id: 'a', state: 'finished', conclusion: 'UNKNOWN' }] as const;
  expect(lostJobs(['a'], known)).toEqual(['a']);
});

test('a job that was never accepted makes up for no other', () => {
  expect(lostJobs(['a'], [{ id: 'z', ...queued }])).toEqual(['a']);
});
