import type { Access } from './role.ts';

/** One line of the table below. */
export interface Route {
  readonly methods: readonly string[];
  /** As Express knows it. */
  readonly path: string;
  readonly access: Access;
  /** Media types of its answers, but for errors. Who accepts none of them is answered with 406. */
  readonly types: readonly string[];
}

const TEXT = ['text/plain'];

/**
 * Every route of ConJob, and who may use it. **A new route needs a line here**, in the table of its port:
 *
 * - the methods that its `allowMethods(…)` has, in that order, with one line for each role that they need;
 * - the path, as `router.route(…)` has it;
 * - `read` for what only looks, `submit` for what starts, stops or changes jobs and what they get,
 *   `admin` for what changes the service itself, `public` for probes that tell nothing;
 * - the media types of its answers, where they are other than JSON.
 *
 * The apps refuse to be made while a route has no line, or a line no route (`served-routes.ts`); requests for
 * anything else never get further than the guard (`guard-routes.ts`); and who gets which answer is tested for
 * every line (`route-roles.test.ts`).
 */
export const API_ROUTES: readonly Route[] = [
  route('GET HEAD', '/livez', 'public'),
  route('GET HEAD', '/readyz', 'public'),
  route('GET POST', '/job/run', 'submit', ['text/plain', 'application/json']),
  route('GET HEAD', '/jobs', 'read'),
  route('POST', '/jobs', 'submit'),
  route('GET HEAD', '/jobs/:id', 'read'),
  route('DELETE', '/jobs/:id', 'submit'),
  route('POST', '/jobs/:id/cancel', 'submit'),
  route('GET HEAD', '/jobs/:id/reproduce', 'read', TEXT),
  route('GET HEAD', '/jobs/:id/events', 'read', ['text/event-stream']),
  route('GET HEAD', '/jobs/:id/output', 'read', TEXT),
  route('GET HEAD', '/jobs/:id/attempts/:number/output', 'read', TEXT),
  route('GET HEAD', '/secrets', 'read'),
  route('POST DELETE', '/secrets', 'submit'),
  route('GET HEAD', '/workers', 'read'),
  route('GET HEAD', '/workers/:name', 'read'),
  route('GET HEAD', '/openapi.json', 'read'),
  route('GET HEAD', '/docs', 'public', ['text/html']),
  route('GET HEAD', '/docs/errors', 'public', ['text/html']),
  route('GET HEAD', '/docs/:file', 'public', ['text/css', 'text/javascript']),
];

/** The same of the admin port. */
export const ADMIN_ROUTES: readonly Route[] = [
  route('GET HEAD', '/livez', 'public'),
  route('GET HEAD', '/readyz', 'public'),
  route('GET HEAD', '/ping', 'public', TEXT),
  route('GET HEAD', '/workers', 'read'),
  route('GET HEAD', '/workers/:name', 'read'),
  route('POST', '/workers/:name/drain', 'admin'),
  route('POST', '/workers/:name/resume', 'admin'),
  route('GET HEAD POST', '/tokens', 'admin'),
  route('DELETE', '/tokens/:name', 'admin'),
  route('POST', '/tasks/docker/volume/rm', 'admin'),
  route('POST', '/tasks/config', 'admin', TEXT),
  route('GET HEAD', '/healthcheck', 'read'),
  route('GET HEAD', '/metrics', 'read', TEXT),
  route('GET HEAD', '/openapi.json', 'read'),
  route('GET HEAD', '/docs/errors', 'public', ['text/html']),
];

function route(
  methods: string,
  path: string,
  access: Access,
  types: readonly string[] = ['application/json'],
): Route {
  return { methods: methods.split(' '), path, access, types };
}
