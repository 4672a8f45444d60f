import type { RequestHandler } from 'express';
import { RequestError } from './request-errors.ts';

/** Refuses every method but these; goes first on a path. HEAD counts as GET only where listed. */
export function allowMethods(...methods: readonly string[]): RequestHandler {
  return (req, res, next) => {
    if (methods.includes(req.method)) next();
    else if (req.method === 'OPTIONS') res.set('Allow', allowed(methods)).status(204).end();
    else throw methodNotAllowed(req.method, methods);
  };
}

export function methodNotAllowed(method: string, methods: readonly string[]): RequestError {
  const allow = allowed(methods);
  return new RequestError('method.not_allowed', `${method} is not allowed here, only ${allow}.`, {
    headers: { Allow: allow },
  });
}

function allowed(methods: readonly string[]): string {
  return [...methods, 'OPTIONS'].join(', ');
}
