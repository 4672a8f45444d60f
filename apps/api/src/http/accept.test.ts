import { expect, test } from 'vitest';
import { prefersJson } from './accept.ts';

test.each([
  [undefined, 'no header'],
  ['*/*', 'anything goes'],
  ['text/plain', 'text'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'a browser'],
  ['application/json;q=0.5, */*', 'anything rather than JSON'],
  ['text/plain, application/json', 'text named first'],
  ['application/json;q=0', 'JSON refused'],
  ['application/json;q=0, */*;q=0.1', 'JSON refused, anything else taken'],
  ['text/*, application/*', 'groups, text first'],
  ['image/png', 'neither'],
  ['application/json;q=nonsense', 'a weight that is none'],
  ['', 'an empty header'],
])('answers text to Accept: %s (%s)', (accept, _why) => {
  expect(prefersJson(accept)).toBe(false);
});

test.each([
  ['application/json', 'JSON'],
  ['Application/JSON', 'in capitals'],
  ['application/json; charset=utf-8', 'with a parameter'],
  ['application/json, */*', 'JSON is the more exact'],
  ['application/json, text/plain, */*', 'JSON named first'],
  ['text/plain;q=0.5, application/json;q=0.8', 'JSON weighs more'],
  ['application/json;q=0.3, */*;q=0.1', 'JSON weighs more than anything'],
  ['application/*', 'its group'],
  ['text/html, application/json', 'the only one of the two'],
])('answers JSON to Accept: %s (%s)', (accept, _why) => {
  expect(prefersJson(accept)).toBe(true);
});
