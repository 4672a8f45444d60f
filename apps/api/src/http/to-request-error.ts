import { redisFault } from './redis-errors.ts';
import { bodyTooLarge, RequestError } from './request-errors.ts';

/** What body-parser and Express throw: an http-errors object with a status and sometimes a type. */
interface ThrownByExpress {
  readonly status?: unknown;
  readonly type?: unknown;
  readonly limit?: unknown;
}

/** Every error that can reach the end of a request, as an answer from the catalogue. */
export function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  return (
    // First: a client that left looks, by its code, like a Redis that did.
    fromExpress(error) ??
    redisFault(error) ??
    new RequestError('request.failed', 'An error that is not yours ended this request.', {
      hint: 'Please report it with the X-B3-TraceId of this answer.',
      cause: error,
    })
  );
}

function fromExpress(error: unknown): RequestError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { status, type, limit } = error as ThrownByExpress;
  if (status === 413) {
    return bodyTooLarge(Number(limit));
  }
  if (status === 415) {
    return new RequestError(
      'request.unsupported_media_type',
      'The body must be sent as it is, without a Content-Encoding.',
      // RFC 9110, 12.5.3: which ones would do.
      { headers: { 'Accept-Encoding': 'identity' } },
    );
  }
  if (type === 'request.aborted' || type === 'request.size.invalid') {
    return new RequestError('request.malformed', 'The body ended before its announced length.');
  }
  if (error instanceof URIError || status === 400) {
    return new RequestError('request.malformed', 'The URL has a malformed % sequence.');
  }
  return undefined;
}
