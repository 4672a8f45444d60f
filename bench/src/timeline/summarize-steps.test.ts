import { expect, test } from 'vitest';
import { summarizeSteps } from './summarize-steps.ts';

const step = (what: string, begin: number, end: number) => ({ app: 'worker', what, begin, end });

test('a step is the median of what it was in each job, counted from the beginning of the job', () => {
  const jobs = [100, 200, 300].map((begin) => ({ begin, end: begin + 50 }));
  const steps = [step('create', 101, 105), step('create', 202, 209), step('create', 303, 304)];
  expect(summarizeSteps(steps, jobs)).toEqual([
    { app: 'worker', what: 'create', beginMs: 2, endMs: 5, tookMs: 4 },
  ]);
});

test('the second of a kind within a job is a step of its own, and what few jobs have is none', () => {
  const jobs = [
    { begin: 0, end: 9 },
    { begin: 10, end: 19 },
  ];
  const steps = [
    step('a', 1, 2),
    step('a', 3, 4),
    step('a', 11, 12),
    step('a', 13, 14),
    step('b', 5, 6),
  ];
  expect(summarizeSteps(steps, jobs).map(({ what, endMs }) => [what, endMs])).toEqual([
    ['a', 2],
    ['a', 4],
  ]);
});
