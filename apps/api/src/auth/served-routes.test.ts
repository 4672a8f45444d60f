import express, { Router } from 'express';
import { describe, expect, test } from 'vitest';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';
import { ADMIN_ROUTES, API_ROUTES, type Route } from './routes.ts';
import { checkAllListed } from './served-routes.ts';

const listed: readonly Route[] = [
  { methods: ['GET'], path: '/jobs/:id', access: 'read', types: [] },
];

function appWith(...paths: readonly string[]) {
  const app = express();
  const router = Router();
  for (const path of paths) router.route(path).get((_req, res) => void res.end());
  app.use(express.raw(), router);
  return app;
}

test('an app whose routes are all listed is made', () => {
  checkAllListed(appWith('/jobs/:id'), listed);
});

test('a route without a line is named, also where it hides', () => {
  const forgotten = '/secrets has no line in auth/routes.ts: say who may use it.';
  expect(() => checkAllListed(appWith('/jobs/:id', '/secrets'), listed)).toThrow(forgotten);
  const mounted = appWith('/jobs/:id');
  mounted.use(
    '/secrets',
    Router().get('/all', () => {}),
  );
  expect(() => checkAllListed(mounted, listed)).toThrow('/secrets/all has no line');
  const middleware = appWith('/jobs/:id');
  middleware.use('/secrets', (_req, res) => void res.end());
  expect(() => checkAllListed(middleware, listed)).toThrow(forgotten);
});

test('a line without a route is named', () => {
  expect(() => checkAllListed(appWith(), listed)).toThrow(
    '/jobs/:id has a line in auth/routes.ts, and no route.',
  );
});

describe('the methods of a line are those of the route', () => {
  const api = useTestApi(byImage);
  test.each([
    ['API', API_ROUTES],
    ['admin port', ADMIN_ROUTES],
  ])('%s', async (port, routes) => {
    const allowed: Record<string, string> = {};
    for (const { path, methods } of routes) {
      allowed[path] = [allowed[path], ...methods].filter((text) => text !== undefined).join(', ');
    }
    for (const [path, methods] of Object.entries(allowed)) {
      const ask = port === 'API' ? api.call : api.callAdmin;
      const { headers, status } = await ask(path, { method: 'OPTIONS' });
      expect({ path, status, allow: headers.allow }).toEqual({
        path,
        status: 204,
        allow: `${methods}, OPTIONS`,
      });
      const wrong = await ask(path, { method: 'PUT' });
      expect({ path, status: wrong.status, allow: wrong.headers.allow }).toEqual({
        path,
        status: 405,
        allow: headers.allow,
      });
    }
  });
});
