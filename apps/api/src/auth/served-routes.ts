import type { Express } from 'express';
import type { Route } from './routes.ts';

/** What Express keeps of a router; `rawPath` is what it was mounted at. */
interface Layer {
  readonly route?: { readonly path: unknown };
  readonly rawPath?: unknown;
  readonly handle: { readonly stack?: readonly Layer[] };
}

/**
 * Throws unless the table and the app have the same paths. A path that was forgotten would be served to
 * nobody; one that is left over would be thought to be tested.
 */
export function checkAllListed(app: Express, routes: readonly Route[]): void {
  const served = new Set(pathsOf(app.router.stack as unknown as readonly Layer[]));
  const listed = new Set(routes.map(({ path }) => path));
  const unlisted = [...served].filter((path) => !listed.has(path));
  const unserved = [...listed].filter((path) => !served.has(path));
  if (unlisted.length + unserved.length === 0) return;
  throw new Error(
    [
      ...unlisted.map((path) => `${path} has no line in auth/routes.ts: say who may use it.`),
      ...unserved.map((path) => `${path} has a line in auth/routes.ts, and no route.`),
    ].join('\n'),
  );
}

function pathsOf(layers: readonly Layer[], mountedAt = ''): string[] {
  return layers.flatMap((layer) => {
    if (layer.route !== undefined) return [`${mountedAt}${String(layer.route.path)}`];
    const at = layer.rawPath === '/' ? mountedAt : `${mountedAt}${String(layer.rawPath)}`;
    // Middleware is no route, unless it was put at a path of its own.
    if (layer.handle.stack === undefined) return at === mountedAt ? [] : [at];
    return pathsOf(layer.handle.stack, at);
  });
}
