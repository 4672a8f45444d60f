import { expect, test } from 'vitest';
import { traceId } from './trace-id.ts';

test.each(['463ac35c9f6413ad', '463AC35C9F6413AD48485A3953BB6124'])('keeps %s', (id) => {
  expect(traceId(id)).toBe(id);
});

test.each([
  undefined,
  '',
  '0'.repeat(32),
  'xyz',
  '463ac35c9f6413a',
  `${'a'.repeat(32)}\n`,
  ['a', 'b'],
])('makes a new one in place of %j', (given) => {
  expect(traceId(given)).toMatch(/^[0-9a-f]{32}$/);
  expect(traceId(given)).not.toBe(traceId(given));
});
