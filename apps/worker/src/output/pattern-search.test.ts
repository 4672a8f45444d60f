import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PatternSearch } from './pattern-search.ts';

/** Few different bytes: patterns that begin, end and hold each other. */
const bytes = fc
  .array(fc.constantFrom(0, 97, 255), { minLength: 1, maxLength: 8 })
  .map((list) => Buffer.from(list));

function matches(patterns: readonly Buffer[], chunks: readonly Buffer[]): string[] {
  const search = new PatternSearch(patterns);
  const found: string[] = [];
  let [state, before] = [0, 0];
  for (const chunk of chunks) {
    const read = before;
    state = search.read(state, chunk, (end, length) => found.push(`${read + end}:${length}`));
    before += chunk.length;
  }
  return found;
}

function plainMatches(patterns: readonly Buffer[], text: Buffer): string[] {
  return Array.from({ length: text.length }, (_, index) => text.subarray(0, index + 1)).flatMap(
    (read) => {
      const lengths = patterns
        .filter((pattern) => read.subarray(-pattern.length).equals(pattern))
        .map(({ length }) => length);
      return lengths.length > 0 ? [`${read.length}:${Math.max(...lengths)}`] : [];
    },
  );
}

test('tells of the longest pattern behind each byte, wherever the bytes are parted', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 6 }), fc.array(bytes), (patterns, chunks) => {
      const expected = plainMatches(patterns, Buffer.concat(chunks));
      expect(matches(patterns, chunks)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test('knows how much of what it has read may become a pattern', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 6 }), bytes, (patterns, text) => {
      const search = new PatternSearch(patterns);
      const longest = Math.max(
        0,
        ...patterns.flatMap((pattern) =>
          Array.from({ length: pattern.length - 1 }, (_, index) => index + 1).filter((length) =>
            text.subarray(-length).equals(pattern.subarray(0, length)),
          ),
        ),
      );
      expect(search.depth(search.read(0, text, () => {}))).toBe(longest);
    }),
    { numRuns: 500 },
  );
});

test('finds nothing without patterns', () => {
  expect(matches([], [Buffer.from('anything')])).toEqual([]);
});
