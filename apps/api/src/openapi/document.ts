import type { Role } from '../auth/role.ts';
import type { Route } from '../auth/routes.ts';
import { errorAnswers } from './error-answers.ts';
import {
  HEADERS,
  type Operation,
  type Operations,
  type Part,
  TRACEPARENT,
  withHeaders,
} from './operation.ts';
import type { NamedSchemas } from './schemas.ts';

export interface OpenApiDocument extends Part {
  readonly openapi: string;
  /** By path, then by method in small letters. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Part>>>>;
}

/** What a document is made of, beside what all have in common. */
export interface Contents {
  readonly title: string;
  readonly description: string;
  readonly routes: readonly Route[];
  readonly operations: Operations;
  readonly schemas: NamedSchemas;
  /** The role that the login of this port has. */
  readonly loginRole: Role;
}

/**
 * The OpenAPI document of a port. Throws when a route has no operation, or an operation no route. HEAD is
 * described as GET is, without a body.
 */
export function openApiDocument(contents: Contents): OpenApiDocument {
  const { title, description, routes, schemas, loginRole } = contents;
  const operations = new Map(Object.entries(contents.operations));
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
      title,
      version: '1',
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas,
      headers: headersIn(paths),
      securitySchemes: schemes(loginRole),
    },
  };
}

/** The headers that these paths refer to. */
function headersIn(paths: object): Part {
  const text = JSON.stringify(paths);
  const used = Object.entries(HEADERS).filter(([name]) => text.includes(`/headers/${name}"`));
  return Object.fromEntries(used);
}

function schemes(loginRole: Role): Part {
  const login = `The login of this port: the role ${loginRole}.`;
  const token = 'A token, with the role it was made for.';
  return {
    basic: { type: 'http', scheme: 'basic', description: login },
    bearer: { type: 'http', scheme: 'bearer', description: token },
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
  const responses = traced(errorAnswers(operation, { method, path, access }));
  return {
    tags: [tagOf(path)],
    operationId: isHead ? `${id}Head` : id,
    summary,
    description: description === undefined ? role : `${description} ${role}`,
    security: access === 'public' ? [] : [{ basic: [access] }, { bearer: [access] }],
    parameters: [...inPath, ...parameters, TRACEPARENT],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: isHead ? withoutContent(responses) : responses,
  };
}

function traced(all: Readonly<Record<string, Part>>): Record<string, Part> {
  return Object.fromEntries(
    Object.entries(all).map(([status, answer]) => [
      status,
      withHeaders(answer, 'X-B3-TraceId', 'traceparent'),
    ]),
  );
}

/** Operations are grouped by the first word of their paths; what has no group of its own is about the service. */
function tagOf(path: string): string {
  const word = path.split('/')[1] ?? '';
  return (
    { job: 'jobs', jobs: 'jobs', secrets: word, workers: word, tokens: word }[word] ?? 'service'
  );
}

function withoutContent(all: Readonly<Record<string, Part>>): Part {
  return Object.fromEntries(
    Object.entries(all).map(([status, { content: _content, ...rest }]) => [status, rest]),
  );
}
