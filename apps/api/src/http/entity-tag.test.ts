import { expect, test } from 'vitest';
import { namesTag } from './entity-tag.ts';

test.each(['"a"', 'W/"a"', '"b", "a"', 'W/"b",W/"a"', ' * '])('%s names the tag "a"', (header) => {
  expect(namesTag(header, '"a"')).toBe(true);
});

test.each([undefined, '', '"b"', 'a', '"*"', '"aa"', '"b, a"', '"a'])(
  '%s does not name the tag "a"',
  (header) => {
    expect(namesTag(header, '"a"')).toBe(false);
  },
);
