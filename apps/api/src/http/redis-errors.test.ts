import { expect, test } from 'vitest';
import { redisFault } from './redis-errors.ts';

function replyError(message: string): Error {
  const error = new Error(message);
  error.name = 'ReplyError';
  return error;
}

test.each(['OOM', 'MISCONF', 'READONLY', 'LOADING', 'NOAUTH'])(
  'a Redis that answers %s refuses, and the request may be tried again',
  (word) => {
    const fault = redisFault(replyError(`${word} some words`));
    expect(fault).toMatchObject({ code: 'redis.refused_write', status: 503 });
    expect(fault?.headers['Retry-After']).toMatch(/^\d+$/);
  },
);

test.each([
  new Error('Connection is closed.'),
  new Error("Stream isn't writeable and enableOfflineQueue options is false"),
  new Error('Command timed out'),
  Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:6379'), { code: 'ECONNREFUSED' }),
  Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
])('"$message" means that Redis is away', (error) => {
  expect(redisFault(error)).toMatchObject({ code: 'redis.unavailable', status: 503, cause: error });
});

test.each([new Error('anything'), new TypeError('x'), replyError('ERR wrong type'), null, 'text'])(
  '%s is no fault of Redis',
  (error) => {
    expect(redisFault(error)).toBeUndefined();
  },
);
