import { randomUUID } from 'node:crypto';

/** A B3 trace id: 16 or 32 hex digits, not all zero. */
const TRACE_ID = /^(?!0+$)(?:[0-9a-f]{16}|[0-9a-f]{32})$/i;

/** The caller's own trace id where it is a sane one, else a new one. */
export function traceId(given: string | string[] | undefined): string {
  return typeof given === 'string' && TRACE_ID.test(given)
    ? given
    : randomUUID().replaceAll('-', '');
}
