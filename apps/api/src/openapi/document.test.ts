import { jobSpecSchema } from '@conjob/shared';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, test } from 'vitest';
import { ADMIN_ROUTES, API_ROUTES, type Route } from '../auth/routes.ts';
import { adminDocument } from './admin-document.ts';
import { apiDocument } from './api-document.ts';

const LIMITS = {
  maxTimeoutSeconds: 60,
  maxKillTimeoutSeconds: 10,
  maxRetentionSeconds: 3600,
  defaultRetentionSeconds: 600,
  defaultNetwork: 'bridge',
} as const;
const make = (routes: readonly Route[] = API_ROUTES, maxTimeoutSeconds = 60) =>
  apiDocument(jobSpecSchema({ ...LIMITS, maxTimeoutSeconds }), routes);
const PORTS = [
  ['API', API_ROUTES, () => make()],
  ['admin port', ADMIN_ROUTES, () => adminDocument()],
] as const;

/** What a linter that OpenAPI is known to has to say. */
async function problemsOf(document: object): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended'] });
  const source = JSON.stringify(document);
  const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
  return problems.map(
    ({ ruleId, message, location }) => `${ruleId}: ${message} (${location[0]?.pointer})`,
  );
}

test.each(PORTS)(
  '%s: has an operation for each method of each route, and no other',
  (_port, routes, document) => {
    const described = Object.entries(document().paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    const served = routes.flatMap(({ methods, path }) =>
      methods.map((method) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`.toLowerCase()),
    );
    expect(described.toSorted()).toEqual(served.toSorted());
  },
);

test.each(PORTS)('%s: has the media types that routes have', (_port, routes, document) => {
  for (const { methods, path, types } of routes) {
    for (const method of methods.filter((one) => !['HEAD', 'DELETE'].includes(one))) {
      const template = path.replace(/:(\w+)/g, '{$1}');
      const operation = document().paths[template]?.[method.toLowerCase()] ?? {};
      const answers = Object.entries(
        operation['responses'] as Record<string, { content?: object }>,
      );
      const described = answers.flatMap(([, { content = {} }]) => Object.keys(content));
      const own = described.filter((type) => type !== 'application/problem+json');
      expect({ path, types: [...new Set(own)].toSorted() }).toEqual({
        path,
        types: types.toSorted(),
      });
    }
  }
});

test('can not be made while a route has no operation', () => {
  const more: Route = { methods: ['PUT'], path: '/jobs/:id', access: 'submit', types: [] };
  expect(() => make([...API_ROUTES, more])).toThrow('PUT /jobs/:id has a route, and no operation.');
});

test('can not be made while an operation has no route', () => {
  const fewer = API_ROUTES.filter(({ path }) => path !== '/workers/:name');
  expect(() => make(fewer)).toThrow('GET /workers/:name: an operation, and no route.');
});

test('says which role each operation needs', () => {
  const { paths } = make();
  const need = (path: string, method: string) => paths[path]?.[method]?.['security'];
  expect(need('/livez', 'get')).toEqual([]);
  expect(need('/jobs', 'get')).toEqual([{ basic: ['read'] }, { bearer: ['read'] }]);
  expect(need('/jobs', 'post')).toEqual([{ basic: ['submit'] }, { bearer: ['submit'] }]);
  expect(adminDocument().paths['/tokens']?.['get']?.['security']).toEqual([
    { basic: ['admin'] },
    { bearer: ['admin'] },
  ]);
});

test('has the schema of a job spec, with the limits that are checked', () => {
  const { JobSpec } = (make(API_ROUTES, 77)['components'] as { schemas: Record<string, unknown> })
    .schemas;
  expect(JobSpec).toMatchObject({
    required: ['image'],
    additionalProperties: false,
    properties: {
      timeoutSeconds: { type: 'integer', minimum: 1, maximum: 77, default: 77 },
      // Behind a check of our own, that JSON Schema can't express.
      env: { type: 'object', additionalProperties: { type: 'string' } },
    },
  });
});

describe('the linter', () => {
  test.each(PORTS)('finds nothing: %s', async (_port, _routes, document) => {
    expect(await problemsOf(document())).toEqual([]);
  });

  test('would find what does not resolve', async () => {
    const broken = JSON.stringify(make()).replace('schemas/JobList"', 'schemas/Nowhere"');
    expect(await problemsOf(JSON.parse(broken))).toContainEqual(
      expect.stringContaining('no-unresolved-refs'),
    );
  });
});
