import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { reportOutages } from './redis-outages.ts';

function heard(events: readonly (string | readonly [string, string])[]): string[] {
  const said: string[] = [];
  const redis = new EventEmitter();
  reportOutages(redis as unknown as Redis, {
    error: () => said.push('refused'),
    warn: () => said.push('away'),
    info: () => said.push('back'),
  });
  for (const each of events) {
    const [event, message] = typeof each === 'string' ? [each, ''] : each;
    redis.emit(event, new Error(message));
  }
  return said;
}

test('an outage of Redis is told once when it begins, and once when it is over', () => {
  const events = ['ready', 'error', 'error', 'ready', 'ready', 'error'];
  expect(heard(events)).toEqual(['away', 'back', 'away']);
});

test('a Redis that comes back, and lets us in no more, is told apart from one that is away', () => {
  const refused = ['error', 'WRONGPASS invalid username-password pair'] as const;
  expect(heard(['error', refused, refused, 'error', 'ready'])).toEqual(['away', 'refused', 'back']);
});
