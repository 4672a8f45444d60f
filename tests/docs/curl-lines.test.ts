import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { ADMIN_ROUTES, API_ROUTES } from '../../apps/api/src/auth/routes.ts';

const PAGE = readFileSync(resolve(import.meta.dirname, '../../docs/api.md'), 'utf8');
const [, BEHIND = ''] = PAGE.split('## Every endpoint\n');
const [EXAMPLES = ''] = BEHIND.split('\n## ', 1);

/** Method, port and path of each curl line that `tests/e2e/api-examples.test.ts` runs. */
const SHOWN = [...EXAMPLES.matchAll(/^\$ curl (.*)$/gm)].map(([, line = '']) => {
  const [, port = '', path = ''] = /localhost:(\d+)([^ '?]*)/.exec(line) ?? [];
  const [, named] = /-X ([A-Z]+)/.exec(line) ?? [];
  return { method: named ?? (line.includes('--data') ? 'POST' : 'GET'), port, path };
});

test.each([
  ['8080', API_ROUTES],
  ['8081', ADMIN_ROUTES],
] as const)('docs/api.md has a curl line for each route at %s', (port, routes) => {
  const missing = routes.flatMap(({ methods, path }) => {
    const pattern = new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`);
    const own = SHOWN.filter((line) => line.port === port && pattern.test(line.path));
    return methods
      .filter((method) => method !== 'HEAD' && !own.some((line) => line.method === method))
      .map((method) => `${method} ${path}`);
  });
  expect(missing).toEqual([]);
});
