import { type RequestHandler, type Response, Router } from 'express';
import { methodNotAllowed } from '../http/allow-methods.ts';
import { RequestError } from '../http/request-errors.ts';
import { noSuchPath } from '../middleware/answer-errors.ts';
import { principalOf } from './principal.ts';
import { strictest, suffices } from './role.ts';
import type { Route } from './routes.ts';

/** Where `res.locals` has the routes that a request could be for. */
const MATCHED = 'matchedRoutes';

/**
 * Lets a request through to the routes only when the table has its path and method, and whoever sent it
 * has the role. `hint` helps who asks for a path that is not there.
 */
export function guardRoutes(routes: readonly Route[], hint: string): RequestHandler {
  const router = Router();
  for (const route of routes) {
    router.all(route.path, (_req, res, next) => {
      res.locals[MATCHED] = [...matchedBy(res), route];
      next();
    });
  }
  router.use(judge(noSuchPath(hint)));
  // A router of its own would look as if it served these paths (`checkAllListed`).
  return (req, res, next) => router(req, res, next);
}

function matchedBy(res: Response): readonly Route[] {
  return (res.locals[MATCHED] as readonly Route[] | undefined) ?? [];
}

function judge(refusePath: RequestHandler): RequestHandler {
  return (req, res, next) => {
    const matched = matchedBy(res);
    if (matched.length === 0) return refusePath(req, res, next);
    // It names methods only, and the route itself answers it.
    if (req.method === 'OPTIONS') return next();
    const wanted = matched.filter(({ methods }) => methods.includes(req.method));
    if (wanted.length === 0) {
      throw methodNotAllowed(
        req.method,
        matched.flatMap(({ methods }) => methods),
      );
    }
    // One path may fit two lines: then the stricter one counts, whatever the order of the routes.
    const needed = strictest(wanted.map(({ access }) => access));
    if (suffices(principalOf(res).role, needed)) return next();
    throw new RequestError('auth.forbidden', `This needs the role ${needed}.`);
  };
}
