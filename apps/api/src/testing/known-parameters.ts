import { expect } from 'vitest';
import type { Answer, Call } from './http-client.ts';

/** Probes and files are the same whatever the query. */
const WITHOUT_QUERY = [
  '/livez',
  '/readyz',
  '/ping',
  '/healthcheck',
  '/metrics',
  '/docs',
  '/docs/errors',
  '/docs/{file}',
];

/**
 * Expects each operation of the document to have the query parameters that its route names when it is asked
 * for one that it does not know. `placeholder` stands in for what is in a path.
 */
export async function expectKnownParameters(
  ask: (target: string, options?: Call) => Promise<Answer>,
  placeholder: string,
): Promise<void> {
  const { paths } = (await ask('/openapi.json')).json;
  const wrong = { body: '', headers: { Accept: 'application/json, */*;q=0.1' } };
  for (const [path, methods] of Object.entries<Record<string, { parameters: Named[] }>>(paths)) {
    for (const [method, { parameters }] of Object.entries(methods)) {
      if (method === 'head' || WITHOUT_QUERY.includes(path)) continue;
      const target = `${path.replace(/\{\w+\}/g, placeholder)}?zz=1`;
      const { json: problem } = await ask(target, { ...wrong, method: method.toUpperCase() });
      const message = problem.errors.find((error: { path: string }) => error.path === 'zz').message;
      const known = message.replace(/^Unknown parameter\. (Known are (.*)\.|.*)$/, '$2');
      const described = parameters.filter((one) => one.in === 'query').map(({ name }) => name);
      expect({ method, path, known: known.split(', ').toSorted() }).toEqual({
        method,
        path,
        known: described.length === 0 ? [''] : described.toSorted(),
      });
    }
  }
}

interface Named {
  readonly name: string;
  readonly in: string;
}
