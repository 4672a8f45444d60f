import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MaskedPiece, OutputMask } from './output-mask.ts';
import { PatternSearch } from './pattern-search.ts';

const MASK = '***';
/** Few different bytes: patterns that overlap, and begin again and again. */
const bytes = (maxLength: number) =>
  fc
    .array(fc.constantFrom(0, 97, 255), { minLength: 1, maxLength })
    .map((list) => Buffer.from(list));
const patterns = fc.array(bytes(6), { maxLength: 5 });
const chunks = fc.array(bytes(9), { maxLength: 12 });

const text = (pieces: readonly MaskedPiece[]) =>
  Buffer.concat(pieces.map(({ data }) => data)).toString('latin1');

/** Each byte of an occurrence is masked; occurrences that share a byte have one mask. */
function maskedAtOnce(of: readonly Buffer[], whole: Buffer): string {
  const spans = of
    .flatMap((pattern) =>
      Array.from({ length: whole.length }, (_, start) => ({
        start,
        end: start + pattern.length,
      })).filter(({ start, end }) => whole.subarray(start, end).equals(pattern)),
    )
    .sort((a, b) => a.start - b.start);
  let [result, out] = ['', 0];
  let last = -1;
  for (const { start, end } of spans) {
    if (start >= last) result += whole.toString('latin1', out, start) + MASK;
    last = Math.max(last, end);
    out = last;
  }
  return result + whole.toString('latin1', out);
}

describe('a masked stream', () => {
  test('is the same however its bytes are parted', () => {
    fc.assert(
      fc.property(patterns, chunks, (of, parts) => {
        const mask = new OutputMask(new PatternSearch(of));
        const result = [...parts.flatMap((part) => mask.feed(part)), ...mask.flush()];
        expect(text(result)).toBe(maskedAtOnce(of, Buffer.concat(parts)));
      }),
      { numRuns: 2_000 },
    );
  });

  test('never holds back what can not become a secret', () => {
    fc.assert(
      fc.property(patterns, chunks, (of, parts) => {
        const longest = Math.max(0, ...of.map(({ length }) => length));
        const mask = new OutputMask(new PatternSearch(of));
        for (const part of parts) {
          mask.feed(part);
          const held = mask.heldFrom === null ? 0 : mask.fed - mask.heldFrom;
          expect(held).toBeLessThanOrEqual(Math.max(0, longest - 1));
        }
      }),
    );
  });

  test('shows no more of a secret than what was put out while it waited for the rest', () => {
    fc.assert(
      fc.property(bytes(6), bytes(6), fc.nat(5), (pattern, before, at) => {
        const cut = at % pattern.length;
        const mask = new OutputMask(new PatternSearch([pattern]));
        const first = [
          ...mask.feed(before),
          ...mask.feed(pattern.subarray(0, cut)),
          ...mask.flush(),
        ];
        const rest = [...mask.feed(pattern.subarray(cut)), ...mask.flush()];
        expect(text(first).length).toBeGreaterThanOrEqual(cut === 0 ? 0 : 1);
        expect(text(rest)).not.toContain(pattern.toString('latin1'));
        expect([MASK, '']).toContain(text(rest).slice(0, 3));
      }),
    );
  });

  test('goes on from where an earlier process had come, whatever it had put out on the way', () => {
    fc.assert(
      fc.property(patterns, chunks, fc.array(fc.boolean()), fc.nat(), (of, parts, waits, stop) => {
        const search = new PatternSearch(of);
        const earlier = new OutputMask(search);
        const done = parts.flatMap((part, index) => {
          const pieces = earlier.feed(part);
          return waits[index] ? [...pieces, ...earlier.flush()] : pieces;
        });
        // It had stored so many pieces when it was killed, and flushed nothing after.
        const stored = done.slice(0, done.length === 0 ? 0 : stop % (done.length + 1));
        const later = new OutputMask(search, stored.at(-1)?.end ?? 0);
        const rest = [...parts.flatMap((part) => later.feed(part)), ...later.flush()];
        const all = text([...stored, ...rest]);
        // What was shown early is shown; but nothing is lost, and nothing comes twice.
        const plain = Buffer.concat(parts);
        expect(all.replaceAll(MASK, '').length).toBeLessThanOrEqual(plain.length);
        if (!waits.some(Boolean)) expect(all).toBe(maskedAtOnce(of, plain));
      }),
      { numRuns: 1_000 },
    );
  });

  test('takes as long as it is, also when it nearly is a secret all the time', () => {
    const secret = Buffer.concat([Buffer.alloc(60_000, 'a'), Buffer.from('b')]);
    const mask = new OutputMask(new PatternSearch([secret]));
    for (let sent = 0; sent < 200; sent += 1) mask.feed(Buffer.alloc(60_000, 'a'));
    expect(mask.fed - (mask.heldFrom ?? 0)).toBe(60_000);
  });
});
