import { readJson } from '../http/json-body.ts';
import type { Query } from '../http/query.ts';
import { reasonError } from '../http/reason.ts';

const HINT = 'Or give the reason in the query: ?reason=…';

/**
 * The reason that a request to cancel gives, in its query or as JSON; undefined when it gives none.
 * Throws `RequestError`.
 */
export function readCancelReason(
  query: Query,
  contentType: string | undefined,
  body: Buffer,
): string | undefined {
  const asked = query.text('reason');
  const given =
    body.length === 0 ? {} : readJson(contentType, body, { what: 'The body', hint: HINT });
  const fields = fieldsOf(given, query);
  if (asked !== undefined && fields.has('reason')) {
    query.errors.push({ path: 'reason', message: 'Must be given once, in the query or the body.' });
  }
  const reason = asked ?? fields.get('reason') ?? '';
  const error = reasonError(reason);
  if (error !== undefined) query.errors.push(error);
  query.throwIfWrong();
  return String(reason).trim() || undefined;
}

function fieldsOf(given: unknown, query: Query): Map<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    query.errors.push({ path: 'body', message: 'Must be an object: {"reason": "…"}.' });
    return new Map();
  }
  const fields = new Map(Object.entries(given));
  for (const name of fields.keys()) {
    if (name === 'reason') continue;
    query.errors.push({ path: name, message: 'Unknown field. Known is reason.' });
  }
  return fields;
}
