import { CONCLUSIONS } from '@conjob/shared';
import type { RequestErrorCode } from '../http/request-errors.ts';
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

export const HEADERS = {
  'Conjob-Job-Id': described('The id of the job.'),
  'Conjob-Conclusion': described('How the job ended.', { enum: Object.keys(CONCLUSIONS) }),
  'Conjob-Exit-Code': described('That of the container; -1 when there is none.'),
  'Idempotency-Replayed': described('The job was made by an earlier request.'),
  Location: described('Where the job is.'),
  ETag: described('Of the job as it is shown, without its output.'),
  Link: described('`rel="next"`: the next page.'),
  'Preference-Applied': described('The preferences that were followed.'),
  'RateLimit-Policy': described('How many new jobs a second takes; not where there is no limit.'),
  RateLimit: described('How many new jobs it takes now.'),
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
