import type { ErrorRequestHandler, RequestHandler } from 'express';
import { prefersJson } from '../http/accept.ts';
import { problemDocument, problemLine } from '../http/problem.ts';
import { RequestError } from '../http/request-errors.ts';
import { toRequestError } from '../http/to-request-error.ts';
import { FAULT } from './request-log.ts';

export function noSuchPath(hint: string): RequestHandler {
  return (req) => {
    throw new RequestError('path.not_found', `There is nothing at ${req.path}.`, { hint });
  };
}

/** Answers every error, and hands those of the platform to the log line of the request. */
// Express knows an error handler by its four parameters.
export const answerErrors: ErrorRequestHandler = (thrown: unknown, req, res, _next) => {
  const error = toRequestError(thrown);
  const isFault = error.status >= 500 && !error.isRefusal;
  if (isFault) res.locals[FAULT] = error.cause instanceof Error ? error.cause : error;
  if (res.headersSent) {
    // The status is out already: only a broken connection can still tell that the rest is missing.
    res.destroy();
    return;
  }
  // It may have been set before this came up: an error follows no preference.
  res.removeHeader('Preference-Applied');
  res.status(error.status).set(error.headers);
  const wantsText = /^\/job\/run\/?$/i.test(req.path) && !prefersJson(req.headers.accept);
  if (wantsText) res.type('text/plain').send(problemLine(error));
  else {
    res.type('application/problem+json');
    res.send(JSON.stringify(problemDocument(error, req.path)));
  }
};
