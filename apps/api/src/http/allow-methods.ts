import type { RequestHandler } from 'express';
import { RequestError } from './request-errors.ts';

/** Refuses every method but these; goes first on a path. HEAD counts as GET only where listed. */
export function allowMethods(...methods: readonly string[]): RequestHandler {
  const allow = [...methods, 'OPTIONS'].join(', ');
  return (req, res, next) => {
    if (methods.includes(req.method)) next();
    else if (req.method === 'OPTIONS') res.set('Allow', allow).status(204).end();
    else {
      throw new RequestError(
        'method.not_allowed',
        `${req.method} is not allowed here, only ${allow}.`,
        { headers: { Allow: allow } },
      );
    }
  };
}
