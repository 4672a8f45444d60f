import { isUtf8 } from 'node:buffer';
import type { JobSpecSchema } from '@conjob/shared';
import { invalidFields, RequestError } from '../http/request-errors.ts';
import { checkSpec } from './check-spec.ts';
import { type NewJob, newJob } from './new-job.ts';

const JSON_TYPE =
  /^application\/(?:[a-z0-9!#$&^_.-]+\+)?json\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?$/i;

/** The job that a JSON job spec asks for. Throws `RequestError`. */
export function readSpecRequest(
  schema: JobSpecSchema,
  contentType: string | undefined,
  body: Buffer,
): NewJob {
  const given = body.length === 0 ? {} : readJson(contentType, body);
  const request = checkSpec(schema, given);
  const input = request.stdin === undefined ? undefined : Buffer.from(request.stdin);
  return newJob(given as object, request, input);
}

function readJson(contentType: string | undefined, body: Buffer): unknown {
  if (contentType === undefined || !JSON_TYPE.test(contentType)) {
    throw new RequestError(
      'request.unsupported_media_type',
      'A job spec must be sent as Content-Type: application/json, in UTF-8.',
      { hint: 'Or name the image in the query: /jobs?image=…; the body is then the input.' },
    );
  }
  if (!isUtf8(body)) throw new RequestError('request.malformed', 'The job spec is not UTF-8 text.');
  try {
    return JSON.parse(body.toString('utf8'), refuseProto);
  } catch (cause) {
    if (cause instanceof RequestError) throw cause;
    throw new RequestError('request.malformed', 'The job spec is not valid JSON.', { cause });
  }
}

/** Whatever copies objects loses a field of this name without a word. */
function refuseProto(key: string, value: unknown): unknown {
  if (key !== '__proto__') return value;
  throw invalidFields([{ path: key, message: 'This name can not be used.' }]);
}
