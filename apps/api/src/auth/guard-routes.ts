import {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  Router,
} from 'express';
import { accepts } from '../http/accept.ts';
import { methodNotAllowed } from '../http/allow-methods.ts';
import { RequestError } from '../http/request-errors.ts';
import { noSuchPath } from '../middleware/answer-errors.ts';
import { principalOf } from './principal.ts';
import { strictest, suffices } from './role.ts';
import type { Route } from './routes.ts';

export interface GuardOptions {
  /** Finds out who sent a request, or refuses it. */
  readonly identify: RequestHandler;
  /** For who asks for a path that is not there. */
  readonly hint: string;
}

/** Where `res.locals` has the routes that a request could be for. */
const MATCHED = 'matchedRoutes';

/**
 * Lets a request through to the routes only when the table has its path and method, and whoever sent it
 * has the role. What there is and what not is told to nobody who is not known.
 */
export function guardRoutes(
  routes: readonly Route[],
  { identify, hint }: GuardOptions,
): RequestHandler {
  const router = Router();
  // By the matching of Express itself: what it takes for a path is what is guarded.
  for (const route of routes) {
    router.all(route.path, (_req, res, next) => {
      res.locals[MATCHED] = [...matchedBy(res), route];
      next();
    });
  }
  router.use(unreadablePath(identify));
  router.use((req, res, next) => {
    const wanted = wantedOf(req, res);
    const isPublic = wanted.length > 0 && wanted.every(({ access }) => access === 'public');
    return isPublic ? next('router') : identify(req, res, next);
  });
  router.use(judge(noSuchPath(hint)));
  // A router of its own would look as if it served these paths (`checkAllListed`).
  return (req, res, next) => router(req, res, next);
}

/** A path that Express can't read fits no line: that too is told only to who is known. */
function unreadablePath(identify: RequestHandler): ErrorRequestHandler {
  return (error: unknown, req, res, next) =>
    identify(req, res, (refusal?: unknown) => next(refusal ?? error));
}

function judge(refusePath: RequestHandler): RequestHandler {
  return (req, res, next) => {
    const matched = matchedBy(res);
    if (matched.length === 0) return refusePath(req, res, next);
    // It names methods only, and the route itself answers it.
    if (req.method === 'OPTIONS') return next();
    const wanted = wantedOf(req, res);
    if (wanted.length === 0) {
      const methods = new Set(matched.flatMap((route) => route.methods));
      throw methodNotAllowed(req.method, [...methods]);
    }
    // One path may fit two lines: then the stricter one counts, whatever the order of the routes.
    const needed = strictest(wanted.map(({ access }) => access));
    if (!suffices(principalOf(res).role, needed)) {
      throw new RequestError('auth.forbidden', `This needs the role ${needed}.`);
    }
    refuseOtherTypes(req, wanted);
    next();
  };
}

/**
 * 406 (RFC 9110, 15.5.7), before anything is done. What is deleted is answered without a body, and probes
 * must not fail for what their client says of itself.
 */
function refuseOtherTypes(req: Request, wanted: readonly Route[]): void {
  const types = wanted.flatMap((route) => route.types);
  const isAsked = req.method !== 'DELETE' && wanted.some(({ access }) => access !== 'public');
  if (!isAsked || types.some((type) => accepts(req.get('accept'), type))) return;
  throw new RequestError(
    'request.not_acceptable',
    `What is answered here is ${types.join(' or ')}, and Accept allows none of it.`,
  );
}

function matchedBy(res: Response): readonly Route[] {
  return (res.locals[MATCHED] as readonly Route[] | undefined) ?? [];
}

function wantedOf(req: Request, res: Response): Route[] {
  return matchedBy(res).filter(({ methods }) => methods.includes(req.method));
}
