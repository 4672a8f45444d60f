/**
 * What can be wrong with a request: the one catalogue of codes. A code and its status are stable, a
 * text is not. How a *job* can fail is the catalogue `JOB_ERRORS`.
 */
export const REQUEST_ERRORS = {
  'request.malformed': { status: 400, title: 'The request can not be read.' },
  'request.invalid': { status: 400, title: 'The request asks for something that is not possible.' },
  'request.unknown_parameter': { status: 400, title: 'The request has an unknown parameter.' },
  'request.not_acceptable': {
    status: 406,
    title: 'There is no answer of the kind that is accepted.',
  },
  'request.timed_out': { status: 408, title: 'The request did not arrive in time.' },
  'request.too_large': { status: 413, title: 'The body of the request is too large.' },
  'request.unsupported_media_type': {
    status: 415,
    title: 'The body of the request is of a kind that is not read here.',
  },
  'request.headers_too_large': { status: 431, title: 'URL and headers are too large.' },
  'argument.not_text': { status: 400, title: 'An argument must be UTF-8 text.' },
  'argument.too_large': { status: 413, title: 'An argument is larger than the kernel takes.' },
  'idempotency.invalid_key': { status: 400, title: 'The Idempotency-Key can not be used.' },
  'idempotency.mismatch': {
    status: 422,
    title: 'The Idempotency-Key was used for another request.',
  },
  'auth.required': { status: 401, title: 'The request needs credentials that are valid here.' },
  'auth.too_many_failures': {
    status: 429,
    title: 'Too many wrong passwords came from this address.',
  },
  'auth.forbidden': { status: 403, title: 'The credentials do not suffice for this.' },
  'origin.forbidden': {
    status: 403,
    title: 'Pages of this web site may not start or change anything here.',
  },
  'path.not_found': { status: 404, title: 'There is nothing at this path.' },
  'method.not_allowed': { status: 405, title: 'The method is not allowed here.' },
  'job.not_found': { status: 404, title: 'There is no such job.' },
  'job.gone': { status: 410, title: 'The job is no longer kept.' },
  'job.finished': { status: 409, title: 'The job has finished.' },
  'job.unfinished': { status: 409, title: 'The job has not finished.' },
  'attempt.not_found': { status: 404, title: 'The job has no such attempt.' },
  'worker.not_found': { status: 404, title: 'There is no such worker.' },
  'token.exists': { status: 409, title: 'There is a token of this name already.' },
  'token.not_found': { status: 404, title: 'There is no such token.' },
  'secret.empty': { status: 400, title: 'A secret can not be empty.' },
  'secrets.unavailable': { status: 503, title: 'Secrets can not be set here.' },
  'limit.requests': { status: 503, title: 'Too many new jobs within a second.' },
  'limit.concurrent_runs': { status: 503, title: 'As many jobs run as may run at once.' },
  'queue.full': { status: 503, title: 'As many jobs wait as may.' },
  'redis.unavailable': { status: 503, title: 'Redis does not answer.' },
  'redis.refused_write': { status: 503, title: 'Redis refuses to store anything.' },
  'request.failed': { status: 500, title: 'ConJob itself failed.' },
} as const satisfies Record<string, { status: number; title: string }>;

export type RequestErrorCode = keyof typeof REQUEST_ERRORS;

/** What is wrong with one part of a request: `{path: 'resources.memoryBytes', message: '…'}`. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** Several values become several lines. */
type Headers = Readonly<Record<string, string | readonly string[]>>;

export interface RequestErrorOptions {
  /** What the caller can do. */
  readonly hint?: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Headers;
  readonly cause?: unknown;
}

/** Who was refused for now is told when to come back (RFC 9110, 10.2.3), where nothing better is known. */
const RETRY_AFTER_SECONDS = '5';

/** A request that is answered with an error of the catalogue. `message` is for the caller. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: RequestErrorCode;
  readonly status: number;
  readonly title: string;
  readonly hint: string | undefined;
  readonly errors: readonly FieldError[];
  readonly headers: Headers;

  constructor(code: RequestErrorCode, detail: string, options: RequestErrorOptions = {}) {
    super(detail, { cause: options.cause });
    this.code = code;
    this.status = REQUEST_ERRORS[code].status;
    this.title = REQUEST_ERRORS[code].title;
    this.hint = options.hint;
    this.errors = options.errors ?? [];
    const isForNow = this.status === 503 || this.status === 429;
    this.headers = {
      ...(isForNow ? { 'Retry-After': RETRY_AFTER_SECONDS } : {}),
      ...options.headers,
    };
  }
}

/** One error out of all that is wrong with the parts of a request. */
export function invalidFields(
  errors: readonly FieldError[],
  code: RequestErrorCode = 'request.invalid',
  hint?: string,
): RequestError {
  const detail = errors.map(({ path, message }) => `${path}: ${message}`).join(' ');
  return new RequestError(code, detail, hint === undefined ? { errors } : { errors, hint });
}

export function bodyTooLarge(maxBytes: number): RequestError {
  return new RequestError('request.too_large', `The body may have at most ${maxBytes} bytes.`);
}
