import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { RequestError } from '../http/request-errors.ts';

/** The hash under which an Idempotency-Key is kept; undefined when none was sent. */
export function idempotencyKeyHash(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !/^[!-~]{1,255}$/.test(key)) {
    throw new RequestError(
      'idempotency.invalid_key',
      'An Idempotency-Key has 1 to 255 visible ASCII characters, no spaces, and is sent once.',
    );
  }
  return createHash('sha256').update(key).digest('hex');
}
