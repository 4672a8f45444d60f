import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { OpenApiDocument } from '../openapi/document.ts';
import type { Answer } from './http-client.ts';

/** Holds answers against what an OpenAPI document says of them. */
export class AnswerChecks {
  /** `get /jobs/{id}`, for each operation that has been held against it. */
  readonly seen = new Set<string>();
  readonly #document: OpenApiDocument;
  // The document is no schema: only its parts are. Patterns say what a format is.
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false });

  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: OpenApiDocument) {
    this.#document = document;
    this.#ajv.addSchema(document, 'openapi');
  }

  /** What is wrong with an answer; empty when it is as described. `path` as in the document. */
  faults(method: string, path: string, { status, headers, bytes }: Answer): string[] {
    const name = `${method.toLowerCase()} ${path}`;
    const operation = this.#document.paths[path]?.[method.toLowerCase()] as Described | undefined;
    if (operation === undefined) return [`${name} is not described`];
    this.seen.add(name);
    const response = operation.responses[status];
    if (response === undefined) return [`${name}: status ${status} is not described`];
    if (bytes.length === 0) return [];
    const [type = ''] = (headers['content-type'] ?? '').split(';');
    if (response.content?.[type] === undefined) return [`${name}: ${status} as "${type}"`];
    if (!type.endsWith('json')) return [];
    const steps = ['paths', path, method.toLowerCase(), 'responses', String(status)];
    const $ref = `openapi#${pointer([...steps, 'content', type, 'schema'])}`;
    const validate = this.#validators.get($ref) ?? this.#ajv.compile({ $ref });
    this.#validators.set($ref, validate);
    if (validate(JSON.parse(bytes.toString()))) return [];
    return (validate.errors ?? []).map(
      (error) =>
        `${name}: ${status} ${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
    );
  }
}

interface Described {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, unknown>> }>
  >;
}

function pointer(steps: readonly string[]): string {
  return steps
    .map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`)
    .join('');
}
