import { describe, expect, test } from 'vitest';
import { Query } from './query.ts';
import type { RequestError } from './request-errors.ts';

const KNOWN = ['image', 'arg', 'remove', 'timeout', 'state'];
const query = (search: string) => new Query(`/job/run${search}`, KNOWN);

function errorOf(act: () => unknown): RequestError {
  try {
    act();
  } catch (error) {
    return error as RequestError;
  }
  throw new Error('nothing was thrown');
}

describe('a query', () => {
  test('is read as forms encode it', () => {
    const read = query('?image=a%2Fb&arg=one+two&arg=%E2%82%AC&arg=&arg');
    expect(read.text('image')).toBe('a/b');
    expect(read.list('arg')).toEqual(['one two', '€', '', '']);
  });

  test('may be empty', () => {
    for (const url of ['', '?', '?&&']) {
      const read = query(url);
      read.throwIfWrong();
      expect(read.text('image')).toBeUndefined();
      expect(read.boolean('remove')).toBeUndefined();
      expect(read.integer('timeout')).toBeUndefined();
    }
  });

  test('keeps what follows the first = and the first ?', () => {
    expect(query('?image=a=b?c').text('image')).toBe('a=b?c');
  });

  test('names every unknown parameter, and lists the known ones', () => {
    const error = errorOf(() => query('?imgae=x&foo=1').throwIfWrong());
    expect(error.code).toBe('request.unknown_parameter');
    expect(error.errors.map(({ path }) => path)).toEqual(['imgae', 'foo']);
    expect(error.message).toContain('image, arg, remove, timeout, state');
  });

  test('does not take names of object properties for parameters', () => {
    expect(errorOf(() => query('?__proto__=1&constructor=2').throwIfWrong()).errors).toHaveLength(
      2,
    );
  });

  test('refuses a second value of a single one', () => {
    const read = query('?image=a&image=b');
    read.text('image');
    expect(errorOf(() => read.throwIfWrong()).errors).toEqual([
      { path: 'image', message: 'Must be given once.' },
    ]);
  });

  test.each(['%', '%zz', '%ff', '%c3%28'])('refuses the malformed %s', (value) => {
    expect(errorOf(() => query(`?image=${value}`)).code).toBe('request.malformed');
  });

  test.each([
    ['true', true],
    ['FALSE', false],
    ['True', true],
  ])('takes %s for a boolean', (text, value) => {
    expect(query(`?remove=${text}`).boolean('remove')).toBe(value);
  });

  test.each(['', '1', 'yes', 'on', 'truee'])('does not take "%s" for a boolean', (text) => {
    const read = query(`?remove=${text}`);
    expect(read.boolean('remove')).toBeUndefined();
    expect(read.errors).toHaveLength(1);
  });

  test.each(['', '1.5', '1e3', '0x10', ' 5', 'abc', '9'.repeat(30)])(
    'does not take "%s" for a whole number',
    (text) => {
      const read = query(`?timeout=${encodeURIComponent(text)}`);
      expect(read.integer('timeout')).toBeUndefined();
      expect(read.errors).toHaveLength(1);
    },
  );

  test('takes one of a list in any case', () => {
    expect(query('?state=QUEUED').oneOf('state', ['queued', 'running'])).toBe('queued');
    const read = query('?state=gone');
    expect(read.oneOf('state', ['queued', 'running'])).toBeUndefined();
    expect(read.errors[0]?.message).toBe('Must be one of queued, running.');
  });
});
