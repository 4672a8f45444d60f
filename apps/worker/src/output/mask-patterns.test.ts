import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MIN_MASKED_BYTES, maskPatterns } from './mask-patterns.ts';

const texts = (value: string) => maskPatterns([value]).map(String);

describe('a secret value is looked for', () => {
  test('as it is, without the white space around it', () => {
    expect(texts('  hunter2 \n')).toContain('hunter2');
  });

  test('in base64 and base64url, whatever stands before and behind it there', () => {
    const value = fc.string({ unit: 'grapheme', minLength: MIN_MASKED_BYTES, maxLength: 40 });
    const around = fc.uint8Array({ maxLength: 7 });
    fc.assert(
      fc.property(value, around, around, (text, before, behind) => {
        fc.pre(Buffer.byteLength(text.trim()) >= MIN_MASKED_BYTES);
        const all = Buffer.concat([before, Buffer.from(text), behind]);
        for (const encoding of ['base64', 'base64url'] as const) {
          const encoded = all.toString(encoding);
          const longest = Math.max(
            ...texts(text).map((form) => (encoded.includes(form) ? form.length : 0)),
          );
          // All but the digits that it shares with its neighbours.
          expect(longest).toBeGreaterThanOrEqual(
            Math.floor((Buffer.byteLength(text.trim()) * 8) / 6) - 1,
          );
        }
      }),
    );
  });

  test('by each of its lines, however they are indented and end', () => {
    const key = '-----BEGIN KEY-----\r\n  MIIEvQIBADAN\r\n-----END KEY-----\r\n';
    expect(texts(key)).toEqual(
      expect.arrayContaining(['-----BEGIN KEY-----', 'MIIEvQIBADAN', '-----END KEY-----']),
    );
  });

  test('but not when it is short, nor by its short lines', () => {
    expect(texts('12345')).toEqual([]);
    expect(texts('{\n  "password": "x"\n}').map((form) => form.length)).not.toContain(1);
    expect(texts('')).toEqual([]);
  });
});

test('a form that several values have is looked for once', () => {
  expect(maskPatterns(['hunter2', 'hunter2\n'])).toHaveLength(maskPatterns(['hunter2']).length);
});
