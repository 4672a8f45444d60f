import { expect, test } from 'vitest';
import { poissonArrivals } from './poisson.ts';

test('arrivals are the same for the same seed, and others for another', () => {
  expect(poissonArrivals(100, 10, 1)).toEqual(poissonArrivals(100, 10, 1));
  expect(poissonArrivals(100, 10, 1)).not.toEqual(poissonArrivals(100, 10, 2));
});

test('they come at the rate that was asked for, with gaps that vary as much as they are long', () => {
  const count = 20_000;
  const arrivals = poissonArrivals(count, 500, 7);
  const gaps = arrivals.map((at, index) => at - (arrivals[index - 1] ?? 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / count;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / count;
  expect(mean).toBeCloseTo(2, 1);
  expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
});
