import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import { principalOf } from '../auth/principal.ts';
import { RequestError } from '../http/request-errors.ts';

/**
 * The hash under which an Idempotency-Key is kept; undefined when none was sent. It counts for whoever sent
 * it alone: two callers who hit on the same key must not get each other's jobs. Throws `RequestError`.
 */
export function idempotencyKeyHash({ headers }: Request, res: Response): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !/^[!-~]{1,255}$/.test(key)) {
    throw new RequestError(
      'idempotency.invalid_key',
      'An Idempotency-Key has 1 to 255 visible ASCII characters, no spaces, and is sent once.',
    );
  }
  const { name } = principalOf(res);
  // Neither a name nor a key has a NUL.
  const owned = name === null ? key : `${name}\0${key}`;
  return createHash('sha256').update(owned).digest('hex');
}
