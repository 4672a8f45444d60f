import { expect, test } from 'vitest';
import { REQUEST_ERRORS, type RequestErrorCode } from './request-error-catalogue.ts';
import { RequestError } from './request-errors.ts';

const codes = Object.keys(REQUEST_ERRORS) as RequestErrorCode[];

test.each(codes)('%s says when to come back exactly when it is for now', (code) => {
  const { status, headers } = new RequestError(code, 'x');
  const isForNow = status === 503 || (status as number) === 429;
  expect(Object.keys(headers)).toEqual(isForNow ? ['Retry-After'] : []);
});

test('what knows better when to come back says so itself', () => {
  const { headers } = new RequestError('queue.full', 'x', { headers: { 'Retry-After': '9' } });
  expect(headers).toEqual({ 'Retry-After': '9' });
});
