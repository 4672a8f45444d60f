import type { Access } from '../auth/role.ts';
import { REQUEST_ERRORS, type RequestErrorCode } from '../http/request-error-catalogue.ts';
import { type HEADERS, type Operation, type Part, withHeaders } from './operation.ts';
import { schemaRef } from './schemas.ts';

interface Line {
  readonly method: string;
  readonly path: string;
  readonly access: Access;
}

/** The answers of an operation together with those of every error that it can have. */
export function errorAnswers(
  { answers, errors = [] }: Operation,
  line: Line,
): Record<string, Part> {
  const all: Record<string, Part> = { ...answers };
  const codes = new Set<RequestErrorCode>([...errors, ...commonErrors(line)]);
  const byStatus = Object.groupBy(codes, (code) => String(REQUEST_ERRORS[code].status));
  for (const [status, ofStatus = []] of Object.entries(byStatus)) {
    all[status] = withProblem(all[status], ofStatus, line);
  }
  return all;
}

function commonErrors({ method, path, access }: Line): RequestErrorCode[] {
  const always = ['request.headers_too_large', 'request.timed_out', 'request.failed'] as const;
  const startsSomething = !['GET', 'HEAD'].includes(method) || path === '/job/run';
  return [
    ...always,
    'request.malformed',
    ...(startsSomething ? (['origin.forbidden'] as const) : []),
    ...(startsSomething
      ? ([
          'redis.refused_write',
          // Each of them reads a body, if only to leave it out.
          'request.too_large',
          'request.unsupported_media_type',
        ] as const)
      : []),
    ...(access === 'public'
      ? []
      : ([
          'request.invalid',
          'request.unknown_parameter',
          'auth.required',
          'auth.too_many_failures',
          'auth.forbidden',
          'redis.unavailable',
        ] as const)),
    ...(access === 'public' || method === 'DELETE' ? [] : (['request.not_acceptable'] as const)),
  ];
}

/** The schema names the codes that this status can mean here. */
function withProblem(
  answer: Part | undefined,
  codes: readonly RequestErrorCode[],
  { path }: Line,
): Part {
  const said = codes.map((code) => `\`${code}\``).join(', ');
  const schema = { allOf: [schemaRef('Problem'), { properties: { code: { enum: codes } } }] };
  const content = {
    ...(path === '/job/run' ? { 'text/plain': { schema: { type: 'string' } } } : {}),
    ...(answer?.['content'] as Part | undefined),
    'application/problem+json': { schema },
  };
  const before = answer?.['description'];
  const description = before === undefined ? said : `${before} Or ${said}.`;
  const problem = { ...answer, description, content };
  return withHeaders(problem, ...codes.flatMap(headersOf));
}

function headersOf(code: RequestErrorCode): (keyof typeof HEADERS)[] {
  const { status } = REQUEST_ERRORS[code];
  if (status === 401) return ['WWW-Authenticate'];
  if (status === 415) return ['Accept-Encoding'];
  if (/^(limit|queue)\./.test(code)) return ['Retry-After', 'RateLimit-Policy', 'RateLimit'];
  return status === 503 || status === 429 ? ['Retry-After'] : [];
}
