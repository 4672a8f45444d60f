import { expect, test } from 'vitest';
import { partOf, shares } from './cpu-profile.ts';

test.each([
  ['file:///a/node_modules/.pnpm/x@1/node_modules/ioredis/built/Redis.js', 'f', 'ioredis'],
  ['/a/node_modules/.pnpm/x@1/node_modules/@scope/name/index.js', 'f', '@scope/name'],
  ['node:internal/timers', 'f', 'node'],
  ['node:_http_server', 'f', 'node http'],
  ['node:internal/modules/esm/loader', 'f', 'loading of modules'],
  ['file:///a/apps/api/src/api.ts', 'f', 'conjob'],
  ['', '(garbage collector)', 'garbage collector'],
  ['', 'writev', 'system calls'],
  ['', 'parse', 'node'],
])('what is in %s is of its part (%s: %s)', (url, functionName, part) => {
  expect(partOf({ url, functionName })).toBe(part);
});

test('shares are of the time in which something was done, the most first', () => {
  const frame = (functionName: string, url = '') => ({ functionName, url });
  const nodes = [
    { id: 1, callFrame: frame('(idle)') },
    { id: 2, callFrame: frame('f', 'node:events') },
    { id: 3, callFrame: frame('(garbage collector)') },
  ];
  const profile = { nodes, samples: [1, 2, 3, 2, 3], timeDeltas: [1000, 10, 40, 10, 40] };
  expect(shares(profile)).toEqual([
    { part: 'garbage collector', share: 0.8 },
    { part: 'node', share: 0.2 },
  ]);
});
