import type { Logger } from '@conjob/shared';
import type { Request, RequestHandler, Response } from 'express';
import { pinoHttp } from 'pino-http';
import { findPrincipal } from '../auth/principal.ts';
import { setTrace } from '../http/trace-context.ts';

/** Why the server gave up a request, in `res.locals`; unset when it did not. */
export const ABANDONED = 'abandoned';

const PROBES = new Set(['/livez', '/readyz', '/ping']);

/**
 * One line per request, at its end. Neither query nor headers nor bodies: arguments and secrets are
 * in them. The request's id is its trace id, which every answer carries.
 */
export function requestLog(logger: Logger): RequestHandler {
  return pinoHttp<Request, Response>({
    logger,
    genReqId: (req, res) => setTrace(req.headers, res),
    quietReqLogger: true,
    quietResLogger: true,
    customAttributeKeys: { reqId: 'traceId' },
    // pino-http would write all of the request and its headers into every line.
    wrapSerializers: false,
    serializers: { req: () => undefined, res: () => undefined },
    customLogLevel: level,
    customSuccessMessage: message,
    customErrorMessage: message,
    customSuccessObject: (req, res, { responseTime }) => facts(req, res, responseTime),
    customErrorObject: (req, res, _error, { responseTime }) => ({
      ...facts(req, res, responseTime),
      // pino-http makes up an error for every status of 500 and more: a job's failure is none.
      ...(res.err === undefined ? {} : { err: res.err }),
    }),
  });
}

function level(req: Request, res: Response) {
  if (PROBES.has(req.path)) return 'debug';
  if (res.locals[ABANDONED] !== undefined) return 'warn';
  if (res.err === undefined) return 'info';
  return res.statusCode === 503 ? 'warn' : 'error';
}

function message(_req: Request, res: Response): string {
  return res.writableEnded ? 'request answered' : 'request abandoned';
}

function facts(req: Request, res: Response, durationMs: number) {
  return {
    method: req.method,
    path: req.originalUrl.split('?', 1)[0],
    status: res.statusCode,
    durationMs,
    who: findPrincipal(res)?.name ?? undefined,
    job: res.getHeader('Conjob-Job-Id'),
    reason: res.locals[ABANDONED],
  };
}
