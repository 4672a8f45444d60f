import { CONCLUSIONS } from '@conjob/shared';
import type { RequestErrorCode } from '../http/request-error-catalogue.ts';
import { type NamedSchemas, type SchemaName, schemaRef } from './schemas.ts';

/** A part of the document, as OpenAPI has it. */
export type Part = Readonly<Record<string, unknown>>;

/** What is to be said of a method of a route, beyond what all have in common. */
export interface Operation {
  /** The name that generated clients call it by. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Part[];
  readonly body?: Part;
  /** By status; those of errors come from `errors`. */
  readonly answers: Readonly<Record<number, Part>>;
  /** Codes of its own. */
  readonly errors?: readonly RequestErrorCode[];
}

/** By method and path, as the table of routes has them. HEAD is as GET. */
export type Operations = Readonly<Record<string, Operation>>;

export const text = (description: string, type = 'text/plain'): Part => ({
  description,
  content: { [type]: { schema: { type: 'string' } } },
});

export const json = (description: string, ...names: readonly SchemaName[]): Part => ({
  description,
  content: { 'application/json': { schema: anyOf(names) } },
});

/** Server-sent events, and by their names what the data of each is, as if all together were one object. */
export const events = (description: string, data: Readonly<Record<string, SchemaName>>): Part => ({
  description,
  content: {
    'text/event-stream': {
      schema: {
        type: 'string',
        contentMediaType: 'text/event-stream',
        contentSchema: {
          type: 'object',
          properties: Object.fromEntries(
            Object.entries(data).map(([event, name]) => [event, schemaRef(name)]),
          ),
        },
      },
    },
  },
});

export const empty = (description: string): Part => ({ description });

/** The answer with these of the headers that `HEADERS` describes. */
export const withHeaders = (answer: Part, ...names: readonly (keyof typeof HEADERS)[]): Part => ({
  ...answer,
  headers: {
    ...(answer['headers'] as Part | undefined),
    ...Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
  },
});

export const parameter = (name: string, schema: Part, description: string): Part => {
  return { name, in: 'query', schema, description };
};

/** A parameter that a field of the job spec checks. */
export const specParameter = (schemas: NamedSchemas, name: string, field = name): Part => {
  const { properties } = schemas['JobSpec'] as { properties: Readonly<Record<string, Part>> };
  const schema = properties[field];
  if (schema === undefined) throw new Error(`a job spec has no field ${field}`);
  return parameter(name, schema, `As \`${field}\` of a job spec.`);
};

export const requestHeader = (name: string, schema: Part, description: string): Part => {
  return { name, in: 'header', schema, description };
};

export const PREFER_WAIT = requestHeader(
  'Prefer',
  { type: 'string', examples: ['wait=10', 'respond-async'] },
  'RFC 7240. `wait=N`: answer after N seconds at the latest. `respond-async`, where a job is made: answer 202 at once.',
);

export const IDEMPOTENCY_KEY = requestHeader(
  'Idempotency-Key',
  { type: 'string', pattern: '^[!-~]{1,255}$' },
  'The same key with the same request gives the same job for 24 hours.',
);

export const TRACEPARENT = requestHeader(
  'traceparent',
  { type: 'string', pattern: '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}' },
  'W3C Trace Context: the trace that this request is a part of. What can not be read is left out; `tracestate` is not read, nor passed on.',
);

export const IF_NONE_MATCH = requestHeader(
  'If-None-Match',
  { type: 'string' },
  'Tags (`ETag`) that are known already: 304 where the answer would have one of them.',
);

/** How a job ended, as far as it has. */
export const ENDED = [
  'Conjob-Conclusion',
  'Conjob-Exit-Code',
  'Conjob-Error',
  'Conjob-Output-Truncated',
  'Server-Timing',
] as const;

export const HEADERS = {
  'Conjob-Job-Id': described('The id of the job.'),
  'Conjob-Conclusion': described('How the job ended.', { enum: Object.keys(CONCLUSIONS) }),
  'Conjob-Exit-Code': described('That of the container; -1 when there is none.'),
  'Conjob-Error': described(
    'The code of its `error`, where it has one, also beside output: see docs/errors.md.',
  ),
  'Conjob-Output-Truncated': described('`true`: there was more output than is kept.'),
  'Idempotency-Replayed': described('The job was made by an earlier request.'),
  Location: described('Where it is.'),
  ETag: described('Of what is shown: for `If-None-Match`.'),
  Link: described('`rel="next"`: the next page.'),
  'X-B3-TraceId': described('The id of the request in the log: its own, where it has sent one.'),
  traceparent: described(
    'The trace of the request, or a new one, with the span of this answer. A job that a request with one has made has it, and so does its container, as `TRACEPARENT`.',
  ),
  'Accept-Encoding': described('`identity`: bodies are taken as they are.'),
  'WWW-Authenticate': described('How to send credentials.'),
  'Preference-Applied': described('The preferences that were followed.'),
  'RateLimit-Policy': described('How many new jobs a second takes; not where there is no limit.'),
  RateLimit: described(
    'How many new jobs it takes now, and in how many seconds all of them again.',
  ),
  'Retry-After': described('Seconds after which it may be worth to try again.'),
  'Server-Timing': described('What a finished job spent its time with, in milliseconds.'),
};

function described(description: string, schema: Part = {}): Part {
  return { description, schema: { type: 'string', ...schema } };
}

function anyOf(names: readonly SchemaName[]): Part {
  const [first, ...others] = names.map(schemaRef);
  return others.length === 0 && first !== undefined ? first : { anyOf: [first, ...others] };
}
