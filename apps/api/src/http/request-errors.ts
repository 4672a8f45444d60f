import { REQUEST_ERRORS, type RequestErrorCode } from './request-error-catalogue.ts';

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
  readonly isRefusal?: boolean;
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
  /** Said on purpose, to keep what is there alive: nothing has failed. A metric counts them, since they come by the thousand. */
  readonly isRefusal: boolean;

  constructor(code: RequestErrorCode, detail: string, options: RequestErrorOptions = {}) {
    super(detail, { cause: options.cause });
    this.code = code;
    this.status = REQUEST_ERRORS[code].status;
    this.title = REQUEST_ERRORS[code].title;
    this.hint = options.hint;
    this.errors = options.errors ?? [];
    this.isRefusal = options.isRefusal ?? false;
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
