import type { Access } from './role.ts';

/** One line of the table below. */
export interface Route {
  readonly methods: readonly string[];
  /** As Express knows it. */
  readonly path: string;
  readonly access: Access;
}

/**
 * Every route of ConJob, and who may use it. **A new route needs a line here**, in the table of its port:
 *
 * - the methods that its `allowMethods(…)` has, in that order, with one line for each role that they need;
 * - the path, as `router.route(…)` has it;
 * - `read` for what only looks, `submit` for what starts, stops or changes jobs and what they get,
 *   `admin` for what changes the service itself, `public` for probes that tell nothing.
 *
 * The apps refuse to be made while a route has no line, or a line no route (`served-routes.ts`); requests for
 * anything else never get further than the guard (`guard-routes.ts`); and who gets which answer is tested for
 * every line (`route-roles.test.ts`).
 */
export const API_ROUTES: readonly Route[] = [
  route('GET HEAD', '/livez', 'public'),
  route('GET HEAD', '/readyz', 'public'),
  route('GET POST', '/job/run', 'submit'),
  route('GET HEAD', '/jobs', 'read'),
  route('POST', '/jobs', 'submit'),
  route('GET HEAD', '/jobs/:id', 'read'),
  route('DELETE', '/jobs/:id', 'submit'),
  route('POST', '/jobs/:id/cancel', 'submit'),
  route('GET HEAD', '/jobs/:id/reproduce', 'read'),
  route('GET HEAD', '/jobs/:id/events', 'read'),
  route('GET HEAD', '/jobs/:id/output', 'read'),
  route('GET HEAD', '/jobs/:id/attempts/:number/output', 'read'),
  route('GET HEAD', '/secrets', 'read'),
  route('POST DELETE', '/secrets', 'submit'),
  route('GET HEAD', '/workers', 'read'),
  route('GET HEAD', '/workers/:name', 'read'),
  route('GET HEAD', '/openapi.json', 'read'),
];

/** The same of the admin port. */
export const ADMIN_ROUTES: readonly Route[] = [
  route('GET HEAD', '/livez', 'public'),
  route('GET HEAD', '/readyz', 'public'),
  route('GET HEAD', '/ping', 'public'),
  route('GET HEAD', '/workers', 'read'),
  route('GET HEAD', '/workers/:name', 'read'),
  route('POST', '/workers/:name/drain', 'admin'),
  route('POST', '/workers/:name/resume', 'admin'),
  route('GET HEAD POST', '/tokens', 'admin'),
  route('DELETE', '/tokens/:name', 'admin'),
  route('POST', '/tasks/docker/volume/rm', 'admin'),
  route('POST', '/tasks/config', 'admin'),
  route('GET HEAD', '/healthcheck', 'read'),
  route('GET HEAD', '/metrics', 'read'),
  route('GET HEAD', '/openapi.json', 'read'),
];

function route(methods: string, path: string, access: Access): Route {
  return { methods: methods.split(' '), path, access };
}
