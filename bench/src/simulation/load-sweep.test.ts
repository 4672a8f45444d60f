import { expect, test } from 'vitest';
import { sweepLoads } from './load-sweep.ts';

/** It is work, and not waiting, that takes its time where others work too. */
const TIMEOUT_MS = 120_000;

test('two thousand jobs that come at random at twenty workers are all answered right, and leave nothing', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { signal } = new AbortController();
  const options = {
    workers: 20,
    processes: 2,
    jobs: 2_000,
    loads: [0.5, 1],
    signal,
    say: () => {},
  };
  const { points, leftOver } = await sweepLoads(options);
  expect(points.reduce((sum, { latenciesMs }) => sum + latenciesMs.length, 0)).toBe(1_800);
  expect(leftOver).toEqual([]);
});
