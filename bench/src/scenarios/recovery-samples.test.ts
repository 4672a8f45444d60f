import { expect, test } from 'vitest';
import { latencies, type Sample, sortByOutage } from './recovery-samples.ts';

const sample = (sentAt: number, answeredAt: number, status: number): Sample => ({
  sentAt,
  answeredAt,
  status,
});

test('a request that was under way at the fault was caught, whenever it is answered', () => {
  const [early, caught] = [sample(0, 5, 202), sample(8, 3000, 503)];
  expect(sortByOutage([early, caught], 10)).toEqual({
    before: [early],
    caught: [caught],
    after: [],
  });
});

test('one that was sent before anything had failed was caught too', () => {
  const [first, second, third] = [sample(8, 100, 503), sample(50, 120, 503), sample(101, 102, 503)];
  const { caught, after } = sortByOutage([first, second, third], 10);
  expect(caught).toEqual([first, second]);
  expect(after).toEqual([third]);
});

test('what is still answered after the fault does not tell that there is one', () => {
  const [lucky, caught] = [sample(9, 11, 200), sample(12, 20, 503)];
  expect(sortByOutage([lucky, caught], 10)).toEqual({
    before: [],
    caught: [lucky, caught],
    after: [],
  });
});

test('a broken connection is a failure', () => {
  const [broken, next] = [sample(8, 12, 0), sample(13, 14, 503)];
  expect(sortByOutage([broken, next], 10).after).toEqual([next]);
});

test('a latency is the time from the request to its answer', () => {
  expect(latencies([sample(3, 10, 200)])).toEqual([7]);
});
