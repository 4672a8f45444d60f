import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { OpenApiDocument } from '../openapi/document.ts';
import type { Answer } from './http-client.ts';

/** `bytes` is null where the body is not to be looked at. */
export type CheckedAnswer = Pick<Answer, 'status' | 'headers'> & {
  readonly bytes: Buffer | null;
};

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

  /** Whether there is such an operation. `path` as in the document. */
  offers(method: string, path: string | undefined): path is string {
    return path !== undefined && this.#operation(method, path) !== undefined;
  }

  /** What is wrong with an answer; empty when it is as described. `path` as in the document. */
  faults(method: string, path: string, answer: CheckedAnswer): string[] {
    const { status } = answer;
    const name = `${method.toLowerCase()} ${path}`;
    const operation = this.#operation(method, path);
    if (operation === undefined) return [`${name} is not described`];
    this.seen.add(name);
    const response = operation.responses[status];
    if (response === undefined) return [`${name}: status ${status} is not described`];
    const type = mediaType(answer);
    const isBodiless = method === 'HEAD' || status === 204 || status === 304;
    const isEmpty = type === '' && response.content === undefined;
    const isKnownType = isBodiless || isEmpty || response.content?.[type] !== undefined;
    if (!isKnownType) return [`${name}: ${status} as "${type}"`];
    const steps = ['paths', path, method.toLowerCase(), 'responses', String(status)];
    return [
      ...undescribedHeaders(answer, response).map((header) => `${name}: ${status} with ${header}`),
      ...(isBodiless ? [] : this.#contentFaults([...steps, 'content', type], answer)).map(
        (fault) => `${name}: ${status} ${fault}`,
      ),
    ];
  }

  /** The same of an answer to what the document does not offer: it has to be a problem, or tell which methods there are. */
  refusalFaults(method: string, path: string, answer: CheckedAnswer): string[] {
    const { status, headers } = answer;
    const name = `${method.toLowerCase()} ${path}`;
    if (method === 'OPTIONS' && status === 204) return [];
    if (status < 400) return [`${name} is not described, and was answered with ${status}`];
    if (status === 405 && headers.allow === undefined) return [`${name}: 405 without Allow`];
    const type = mediaType(answer);
    if (type === 'text/plain' && /^\/job\/run\/?$/i.test(path)) return [];
    if (type !== 'application/problem+json') return [`${name}: ${status} as "${type}"`];
    const faults = this.#jsonFaults(['components', 'schemas', 'Problem'], answer.bytes);
    return method === 'HEAD' ? [] : faults.map((fault) => `${name}: ${status} ${fault}`);
  }

  #operation(method: string, path: string): Described | undefined {
    return this.#document.paths[path]?.[method.toLowerCase()] as Described | undefined;
  }

  /** `steps` lead to what the document says of the media type. */
  #contentFaults(steps: readonly string[], answer: CheckedAnswer): string[] {
    const type = mediaType(answer);
    if (type.endsWith('json')) return this.#jsonFaults([...steps, 'schema'], answer.bytes);
    if (type !== 'text/event-stream' || answer.bytes === null) return [];
    const events = [...steps, 'schema', 'contentSchema', 'properties'];
    const told: EventSourceMessage[] = [];
    createParser({ onEvent: (event) => void told.push(event) }).feed(answer.bytes.toString());
    return told.flatMap(({ event = 'message', data }) => {
      const described = this.#at([...events, event]);
      if (described === undefined) return [`event ${event} is not described`];
      const faults = this.#jsonFaults([...events, event], Buffer.from(data));
      return faults.map((fault) => `event ${event} ${fault}`);
    });
  }

  #at(steps: readonly string[]): unknown {
    let part: unknown = this.#document;
    for (const step of steps) part = (part as Record<string, unknown> | undefined)?.[step];
    return part;
  }

  #jsonFaults(steps: readonly string[], bytes: Buffer | null): string[] {
    if (bytes === null) return [];
    const $ref = `openapi#${pointer(steps)}`;
    const validate = this.#validators.get($ref) ?? this.#ajv.compile({ $ref });
    this.#validators.set($ref, validate);
    const text = bytes.toString();
    if (!isJson(text)) return [`is no JSON: ${text.slice(0, 80)}`];
    if (validate(JSON.parse(text))) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

interface Response {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, unknown>>;
}

interface Described {
  readonly responses: Readonly<Record<string, Response>>;
}

/** What HTTP itself, browsers and caches have headers for is not described for each answer. */
const COMMON_HEADERS =
  /^(date|connection|keep-alive|transfer-encoding|trailer|content-(type|length|security-policy)|vary|allow|cache-control|access-control-.*|cross-origin-.*|referrer-policy|x-(content-type-options|accel-buffering)|last-modified|accept-ranges)$/;

function undescribedHeaders({ headers }: CheckedAnswer, response: Response): string[] {
  const described = new Set(Object.keys(response.headers ?? {}).map((name) => name.toLowerCase()));
  return Object.keys(headers).filter((name) => !described.has(name) && !COMMON_HEADERS.test(name));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function mediaType({ headers }: CheckedAnswer): string {
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  return type;
}

function pointer(steps: readonly string[]): string {
  return steps
    .map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`)
    .join('');
}
