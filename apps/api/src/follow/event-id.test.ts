import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EventCursor, FROM_THE_START, formatEventId, parseEventId } from './event-id.ts';

const held = fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes));

const cursor: fc.Arbitrary<EventCursor> = fc.record({
  attempt: fc.integer({ min: 1, max: 100 }),
  position: fc.tuple(fc.nat(), fc.nat()).map(([ms, number]) => `${ms}-${number}`),
  held: fc.record({ stdout: held, stderr: held }),
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
    ['1.5-0.oe282.', 'e282', ''],
    ['1.5-0.ef09f98.', '', 'f09f98'],
    ['1.5-0.oc3-ef09e80.', 'c3', 'f09e80'],
    ['1.5-0..', '', ''],
  ])('%s holds "%s" of stdout and "%s" of stderr', (id, stdout, stderr) => {
    const held = { stdout: Buffer.from(stdout, 'hex'), stderr: Buffer.from(stderr, 'hex') };
    expect(parseEventId(id)).toMatchObject({ attempt: 1, position: '5-0', held });
  });

  test.each([
    '',
    'x',
    '0.1-1..',
    '1.1..',
    '1.1-1.oc3c3c3c3.',
    '1.1-1.c3.',
    '1.1-1.ec3oe2.',
    '1.1-1.oc3oe2.',
    '1.1-1.oc3ee2.',
    '1.1-1.oc3-.',
    '1.1-1.-ec3.',
    '1.1-1.oe.',
    '1.1-1..a.End',
    // Redis has no such position.
    '1.18446744073709551616-0..',
    '1.18446744073709551615-18446744073709551615..',
  ])('is not "%s"', (text) => {
    expect(parseEventId(text)).toBeNull();
  });
});
