import { jobSpecSchema } from '@conjob/shared';
import { describe, expect, test } from 'vitest';
import { testSchema } from '../testing/test-schema.ts';
import { readQueryRequest } from './query-request.ts';
import { readSpecRequest } from './spec-request.ts';

const stricter = jobSpecSchema({
  maxTimeoutSeconds: 60,
  maxKillTimeoutSeconds: 10,
  maxRetentionSeconds: 604_800,
  defaultRetentionSeconds: 3600,
  defaultNetwork: 'none',
});

const fromSpec = (spec: object, using = testSchema) =>
  readSpecRequest(using, '/jobs', 'application/json', Buffer.from(JSON.stringify(spec)))
    .fingerprint;
const fromQuery = (search: string, body = '') =>
  readQueryRequest(testSchema, `/jobs?${search}`, Buffer.from(body)).fingerprint;

describe('the fingerprint of a request', () => {
  test('does not depend on the order of fields', () => {
    expect(fromSpec({ image: 'a', env: { A: '1', B: '2' }, args: ['x'] })).toBe(
      fromSpec({ args: ['x'], env: { B: '2', A: '1' }, image: 'a' }),
    );
  });

  test('does not depend on the form of the request', () => {
    expect(fromQuery('image=a&arg=x&arg=y&timeout=5')).toBe(
      fromSpec({ image: 'a', args: ['x', 'y'], timeoutSeconds: 5 }),
    );
    expect(fromQuery('image=a&stdin=true&arg=x', 'in')).toBe(
      fromSpec({ image: 'a', stdin: 'in', args: ['x'] }),
    );
  });

  test('does not depend on how its default is written', () => {
    expect(fromQuery('image=a&onDisconnect=continue')).toBe(fromQuery('image=a'));
  });

  test('does not depend on what the operator allows', () => {
    expect(fromSpec({ image: 'a' })).toBe(fromSpec({ image: 'a' }, stricter));
  });

  test('differs for different requests', () => {
    const all = [
      fromQuery('image=a'),
      fromQuery('image=b'),
      fromQuery('image=a&arg=x'),
      fromQuery('image=a&arg=y'),
      fromQuery('image=a&arg=x&arg='),
      fromQuery('image=a&stdin=true'),
      fromQuery('image=a&stdin=true', 'x'),
      fromQuery('image=a&timeout=5'),
      fromQuery('image=a&onDisconnect=cancel'),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
