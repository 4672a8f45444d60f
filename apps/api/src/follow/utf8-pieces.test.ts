import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutBetweenCharacters } from './utf8-pieces.ts';

/** All pieces of bytes that arrive in parts, the last with what was held to the end. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  const told: Buffer[] = [];
  let held = Buffer.alloc(0);
  let from = 0;
  for (const end of ends) {
    const cut = cutBetweenCharacters(Buffer.concat([held, bytes.subarray(from, end)]));
    told.push(cut.ready);
    held = Buffer.from(cut.held);
    from = end;
  }
  return [...told, held];
}

const cuts = fc.array(fc.nat(), { maxLength: 8 });

describe('bytes cut between characters', () => {
  test('are the same bytes, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), cuts, (bytes, at) => {
        expect(Buffer.concat(pieces(Buffer.from(bytes), at))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test('never break a character, and hold nothing back at the end of a text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), cuts, (text, at) => {
        const told = pieces(Buffer.from(text), at);
        expect(told.every((piece) => isUtf8(piece))).toBe(true);
        expect(told.at(-1)).toHaveLength(0);
      }),
    );
  });

  test.each([
    ['e282', '', 'e282'],
    ['61f09f98', '61', 'f09f98'],
    ['61f0', '61', 'f0'],
    ['61c3', '61', 'c3'],
    ['61c3a9', '61c3a9', ''],
    ['61ff', '61ff', ''],
    ['ffc3', 'ffc3', ''],
    ['8080', '8080', ''],
  ])('%s: tells "%s" and holds "%s"', (bytes, ready, held) => {
    const cut = cutBetweenCharacters(Buffer.from(bytes, 'hex'));
    expect([cut.ready.toString('hex'), cut.held.toString('hex')]).toEqual([ready, held]);
  });
});
