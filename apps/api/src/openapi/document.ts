import type { JobSpecSchema } from '@conjob/shared';
import type { Route } from '../auth/routes.ts';
import { errorAnswers } from './error-answers.ts';
import { jobOperations } from './job-operations.ts';
import { HEADERS, type Operation, type Part } from './operation.ts';
import { OTHER_OPERATIONS } from './other-operations.ts';
import { namedSchemas } from './schemas.ts';

export interface OpenApiDocument extends Part {
  readonly openapi: string;
  /** By path, then by method in small letters. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Part>>>>;
}

const SCHEMES = {
  basic: { type: 'http', scheme: 'basic', description: 'The login of the API: the role submit.' },
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'A token, with the role it was made for.',
  },
};

/**
 * The OpenAPI document of these routes. Throws when one has no operation, or an operation no route. HEAD is
 * described as GET is, without a body.
 */
export function openApiDocument(
  routes: readonly Route[],
  specSchema: JobSpecSchema,
): OpenApiDocument {
  const schemas = namedSchemas(specSchema);
  const operations = new Map(Object.entries({ ...jobOperations(schemas), ...OTHER_OPERATIONS }));
  const unused = new Set(operations.keys());
  const paths: Record<string, Record<string, Part>> = {};
  for (const { methods, path, access } of routes) {
    for (const method of methods) {
      const key = `${method === 'HEAD' ? 'GET' : method} ${path}`;
      const operation = operations.get(key);
      if (operation === undefined) throw new Error(`${key} has a route, and no operation.`);
      unused.delete(key);
      const template = path.replace(/:(\w+)/g, '{$1}');
      const described = describe(operation, { method, path, access });
      paths[template] = { ...paths[template], [method.toLowerCase()]: described };
    }
  }
  if (unused.size > 0) throw new Error(`${[...unused].join(', ')}: an operation, and no route.`);
  return {
    openapi: '3.1.1',
    info: {
      title: 'ConJob',
      version: '1',
      description:
        'docker run, as a service. Credentials are needed where the API was given a login; else everybody may do all of this.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: { schemas: schemas.named, headers: HEADERS, securitySchemes: SCHEMES },
  };
}

interface Line {
  readonly method: string;
  readonly path: string;
  readonly access: Route['access'];
}

function describe(operation: Operation, { method, path, access }: Line): Part {
  const { id, summary, description, parameters = [], body } = operation;
  const isHead = method === 'HEAD';
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => {
    return { name, in: 'path', required: true, schema: { type: 'string' } };
  });
  const role = access === 'public' ? 'Needs no credentials.' : `Needs the role \`${access}\`.`;
  const responses = errorAnswers(operation, { method, path, access });
  return {
    operationId: isHead ? `${id}Head` : id,
    summary,
    description: description === undefined ? role : `${description} ${role}`,
    security: access === 'public' ? [] : [{ basic: [access] }, { bearer: [access] }],
    parameters: [...inPath, ...parameters],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: isHead ? withoutContent(responses) : responses,
  };
}

function withoutContent(all: Readonly<Record<string, Part>>): Part {
  return Object.fromEntries(
    Object.entries(all).map(([status, { content: _content, ...rest }]) => [status, rest]),
  );
}
