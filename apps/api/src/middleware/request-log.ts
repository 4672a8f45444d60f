import type { Logger } from '@conjob/shared';
import type { Request, RequestHandler, Response } from 'express';
import { findPrincipal } from '../auth/principal.ts';
import { setTrace } from '../http/trace-context.ts';

/** Why the server gave up a request, in `res.locals`; unset when it did not. */
export const ABANDONED = 'abandoned';
/** What of the platform failed, in `res.locals`: an Error; unset when nothing did. */
export const FAULT = 'fault';

const PROBES = new Set(['/livez', '/readyz', '/ping']);

/**
 * One line per request, at its end. Neither query nor headers nor bodies: arguments and secrets are
 * in them. The request's id is its trace id, which every answer carries.
 *
 * Not by a library: pino-http keeps two loggers and some listeners for each request, of thousands that may wait.
 */
export function requestLog(logger: Logger): RequestHandler {
  return (req, res, next) => {
    const traceId = setTrace(req.headers, res);
    const begin = performance.now();
    // Comes once, after an answer that was sent as well.
    res.once('close', () => {
      const durationMs = Math.round(performance.now() - begin);
      logger[levelOf(req, res)]({ traceId, ...facts(req, res), durationMs }, messageOf(res));
    });
    res.on('error', nobodyReads);
    next();
  };
}

/** What is written for a client that has left is no error. */
function nobodyReads(): void {}

function levelOf(req: Request, res: Response): 'debug' | 'info' | 'warn' | 'error' {
  if (PROBES.has(req.path)) return 'debug';
  if (res.locals[ABANDONED] !== undefined) return 'warn';
  if (res.locals[FAULT] === undefined) return 'info';
  return res.statusCode === 503 ? 'warn' : 'error';
}

function messageOf(res: Response): string {
  return res.writableEnded ? 'request answered' : 'request abandoned';
}

function facts(req: Request, res: Response) {
  return {
    method: req.method,
    path: req.originalUrl.split('?', 1)[0],
    status: res.statusCode,
    who: findPrincipal(res)?.name ?? undefined,
    job: res.getHeader('Conjob-Job-Id'),
    reason: res.locals[ABANDONED],
    err: res.locals[FAULT],
  };
}
