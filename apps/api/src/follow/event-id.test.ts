import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EventCursor, FROM_THE_START, formatEventId, parseEventId } from './event-id.ts';

const cursor: fc.Arbitrary<EventCursor> = fc.record({
  attempt: fc.integer({ min: 1, max: 100 }),
  position: fc.tuple(fc.nat(), fc.nat()).map(([ms, number]) => `${ms}-${number}`),
  held: fc.option(
    fc.record({
      stream: fc.constantFrom('stdout', 'stderr'),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
    }),
  ),
  state: fc.constantFrom('', 'a-_Z09bc'),
  isEnd: fc.boolean(),
});

describe('the id of an event', () => {
  test('says all that is needed to go on, in characters that a header takes', () => {
    fc.assert(
      fc.property(cursor, (from) => {
        const id = formatEventId(from);
        expect(id).toMatch(/^[\w.-]+$/);
        expect(parseEventId(id)).toEqual(from);
      }),
    );
  });

  test('of the very start is one as well', () => {
    expect(parseEventId(formatEventId(FROM_THE_START))).toEqual(FROM_THE_START);
  });

  test.each([
    '',
    'x',
    '0.1-1..',
    '1.1..',
    '1.1-1.oc3c3c3c3.',
    '1.1-1.c3.',
    '1.1-1..a.End',
    // Redis has no such position.
    '1.18446744073709551616-0..',
    '1.18446744073709551615-18446744073709551615..',
  ])('is not "%s"', (text) => {
    expect(parseEventId(text)).toBeNull();
  });
});
