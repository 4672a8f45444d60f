import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { reportOutages } from './redis-outages.ts';

test('an outage of Redis is told once when it begins, and once when it is over', () => {
  const said: string[] = [];
  const redis = new EventEmitter();
  reportOutages(redis as unknown as Redis, {
    warn: () => said.push('away'),
    info: () => said.push('back'),
  });
  redis.emit('ready');
  for (const event of ['error', 'error', 'ready', 'ready', 'error']) redis.emit(event, new Error());
  expect(said).toEqual(['away', 'back', 'away']);
});
