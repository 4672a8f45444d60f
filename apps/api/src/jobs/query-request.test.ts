import { describe, expect, test } from 'vitest';
import type { RequestError } from '../http/request-errors.ts';
import { testSchema } from '../testing/test-schema.ts';
import { readQueryRequest } from './query-request.ts';

function refusal(search: string, body: string | Buffer = ''): RequestError {
  try {
    readQueryRequest(testSchema, `/job/run${search}`, Buffer.from(body));
  } catch (error) {
    return error as RequestError;
  }
  throw new Error(`${search} was not refused`);
}

const paths = ({ errors }: RequestError) => errors.map(({ path }) => path);

describe('what is wrong with a query', () => {
  test('is named all at once, whoever finds out', () => {
    const error = refusal('?image=a&pull=sometimes&timeout=-1&foo=1');
    expect(paths(error)).toEqual(['foo', 'pull', 'timeout']);
    expect(error.code).toBe('request.unknown_parameter');
    expect(paths(refusal('?image=UPPER&remove=x&arg=y', 'z'))).toEqual(['remove', 'body', 'image']);
  });

  test('is named once for each parameter', () => {
    expect(paths(refusal('?image=a&image=b'))).toEqual(['image']);
    expect(paths(refusal('?timeout=soon'))).toEqual(['timeout', 'image']);
    expect(paths(refusal('?image=a&arg=%00&arg=%00'))).toEqual(['arg']);
  });

  test('comes before a body that is no text', () => {
    expect(paths(refusal('?image=a&timeout=-1', Buffer.of(255)))).toEqual(['timeout']);
    expect(refusal('?image=a', Buffer.of(255)).code).toBe('argument.not_text');
  });
});
