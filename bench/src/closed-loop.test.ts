import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { closedLoop } from './closed-loop.ts';

const { signal } = new AbortController();

test('all jobs are run, never more at a time than there are clients', async () => {
  let [running, most, done] = [0, 0, 0];
  await closedLoop({ jobs: 10, clients: 3, signal }, async () => {
    running += 1;
    most = Math.max(most, running);
    await sleep(2);
    running -= 1;
    done += 1;
  });
  expect({ most, done }).toEqual({ most: 3, done: 10 });
});

test('a failure ends the loop, after what is under way', async () => {
  let begun = 0;
  const loop = closedLoop({ jobs: 10, clients: 2, signal }, async () => {
    begun += 1;
    await sleep(1);
    throw new Error('no');
  });
  await expect(loop).rejects.toThrow('no');
  expect(begun).toBe(2);
});
