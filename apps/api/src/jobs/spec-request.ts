import type { JobSpecSchema } from '@conjob/shared';
import { readJson } from '../http/json-body.ts';
import { Query } from '../http/query.ts';
import { invalidFields } from '../http/request-errors.ts';
import { checkSpec } from './check-spec.ts';
import { type NewJob, newJob } from './new-job.ts';
import { ON_DISCONNECT, wantsCancelOnDisconnect } from './on-disconnect.ts';

const FORM = {
  what: 'A job spec',
  hint: 'Or name the image in the query: /jobs?image=…; the body is then the input.',
};

/** The job that a JSON job spec asks for; `url` says what is no part of it. Throws `RequestError`. */
export function readSpecRequest(
  schema: JobSpecSchema,
  url: string,
  contentType: string | undefined,
  body: Buffer,
): NewJob {
  const query = new Query(url, [ON_DISCONNECT]);
  const cancelOnDisconnect = wantsCancelOnDisconnect(query);
  query.throwIfWrong();
  const given = body.length === 0 ? {} : readJson(contentType, body, FORM);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalidFields([{ path: 'body', message: 'Must be an object: {"image": "…"}.' }]);
  }
  const request = checkSpec(schema, given);
  const input = request.stdin === undefined ? undefined : Buffer.from(request.stdin);
  return newJob({ given, request, input, cancelOnDisconnect });
}
