import { describe, expect, test } from 'vitest';
import { differences, median, quantile, ratios, summarize } from './statistics.ts';

describe('quantiles', () => {
  test('the median of an even number of values lies between the two in the middle', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  test('values between two ranks are interpolated', () => {
    expect(quantile([10, 20, 30, 40, 50], 0.95)).toBeCloseTo(48);
  });

  test('one value is every quantile', () => {
    expect(summarize([7])).toEqual({ p50: 7, p95: 7, p99: 7, min: 7, max: 7 });
  });

  test('numbers are ordered as numbers', () => {
    expect(summarize([100, 9, 20])).toMatchObject({ min: 9, p50: 20, max: 100 });
  });

  test('the values stay in the order they came', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  test('nothing has no quantile', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('pairs', () => {
  test('a disturbance of a whole round cancels out of the differences', () => {
    expect(median(differences([110, 1110, 111], [100, 1100, 100]))).toBe(10);
  });

  test('ratios are taken round by round', () => {
    expect(ratios([1, 9], [2, 3])).toEqual([0.5, 3]);
  });

  test('sides of different length are refused', () => {
    expect(() => differences([1, 2], [1])).toThrow(RangeError);
  });
});
