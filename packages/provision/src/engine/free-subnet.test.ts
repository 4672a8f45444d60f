import { expect, test } from 'vitest';
import { CANDIDATE_SUBNETS, freeSubnet, gatewayOf } from './free-subnet.ts';

const candidates = ['10.1.1.0/24', '10.1.2.0/24'];

test('takes the first candidate that nothing overlaps', () => {
  expect(freeSubnet([], candidates)).toBe('10.1.1.0/24');
  expect(freeSubnet(['10.1.1.77/32'], candidates)).toBe('10.1.2.0/24');
  expect(freeSubnet(['10.1.1.128/25', '192.0.2.2/24'], candidates)).toBe('10.1.2.0/24');
});

test('counts a single address without a length as one address', () => {
  expect(freeSubnet(['10.1.1.5'], candidates)).toBe('10.1.2.0/24');
});

test('finds none inside a larger network that is in use', () => {
  expect(freeSubnet(['10.0.0.0/8'], candidates)).toBeUndefined();
});

test('is not kept back by a default route', () => {
  expect(freeSubnet(['0.0.0.0/0'], candidates)).toBe('10.1.1.0/24');
});

test('knows 32 candidates and their gateways', () => {
  expect(new Set(CANDIDATE_SUBNETS).size).toBe(32);
  expect(gatewayOf('10.213.37.0/24')).toBe('10.213.37.1/24');
});
