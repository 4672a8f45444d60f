import { describe, expect, test } from 'vitest';
import { readCredentials } from './credentials.ts';

const read = (...authorization: string[]) =>
  readCredentials({ headersDistinct: authorization.length === 0 ? {} : { authorization } });
const basic = (text: string) => ({ scheme: 'basic', sent: Buffer.from(text) });

describe('credentials', () => {
  test.each([
    ['Basic Y2k6cHc=', basic('ci:pw')],
    ['basic  Y2k6cHc=', basic('ci:pw')],
    ['Basic Y2k6cA==', basic('ci:p')],
    ['Basic Y2k6cHdk', basic('ci:pwd')],
    ['Bearer abc.DEF_~+/-1', { scheme: 'bearer', token: 'abc.DEF_~+/-1' }],
    ['BEARER   abc==', { scheme: 'bearer', token: 'abc==' }],
  ])('are read from %s', (header, credentials) => {
    expect(read(header)).toEqual(credentials);
  });

  test.each([
    'Basic',
    'Basic ',
    'BasicY2k6cHc=',
    'Basic Y2k6cHc===',
    'Basic Y2k6cHc= x',
    'x Basic Y2k6cHc=',
    'Basic Y2=k6cHc',
    'Basic \u00e4',
    'Bearer',
    'Bearer a b',
    'x Bearer a',
    'Bearera',
    'Bearer =a',
    'Digest abc',
    'abc',
    '',
  ])('are none in %j', (header) => {
    expect(read(header)).toBeNull();
  });

  test('are none without a header, and with two', () => {
    expect(read()).toBeNull();
    expect(read('Basic Y2k6cHc=', 'Basic Y2k6cHc=')).toBeNull();
  });
});
