import type { RequestErrorCode } from './request-error-catalogue.ts';
import { type FieldError, invalidFields, RequestError } from './request-errors.ts';

/**
 * The query of one request, read strictly: what is unknown, doubled or not of its type is an error
 * that names it. `errors` collects them all; readers return undefined where they added one.
 */
export class Query {
  readonly errors: FieldError[] = [];
  readonly #values: Map<string, string[]>;
  #hasUnknown = false;

  /** `url` as in the request line; `known` are the parameters that this path takes. */
  constructor(url: string, known: readonly string[]) {
    this.#values = parseQuery(url);
    for (const name of this.#values.keys()) {
      if (known.includes(name)) continue;
      this.#hasUnknown = true;
      const list = known.length === 0 ? 'This path takes none.' : `Known are ${known.join(', ')}.`;
      this.errors.push({ path: name, message: `Unknown parameter. ${list}` });
    }
  }

  get names(): Iterable<string> {
    return this.#values.keys();
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  list(name: string): string[] {
    return this.#values.get(name) ?? [];
  }

  text(name: string): string | undefined {
    const values = this.list(name);
    if (values.length > 1) this.#wrong(name, 'Must be given once.');
    return values.length === 1 ? values[0] : undefined;
  }

  boolean(name: string): boolean | undefined {
    const text = this.text(name)?.toLowerCase();
    if (text === undefined || text === 'true' || text === 'false') {
      return text === undefined ? undefined : text === 'true';
    }
    return this.#wrong(name, 'Must be true or false.');
  }

  integer(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined || /^-?\d{1,15}$/.test(text)) {
      return text === undefined ? undefined : Number(text);
    }
    return this.#wrong(name, 'Must be a whole number.');
  }

  integerWithin(name: string, minimum: number, maximum: number): number | undefined {
    const value = this.integer(name);
    if (value === undefined || (value >= minimum && value <= maximum)) return value;
    return this.#wrong(name, `Must be a whole number from ${minimum} to ${maximum}.`);
  }

  oneOf<Value extends string>(name: string, values: readonly Value[]): Value | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = values.find((candidate) => candidate.toLowerCase() === text.toLowerCase());
    return value ?? this.#wrong(name, `Must be one of ${values.join(', ')}.`);
  }

  /** The code of an error that names what is wrong. */
  get code(): RequestErrorCode {
    return this.#hasUnknown ? 'request.unknown_parameter' : 'request.invalid';
  }

  /** Throws one {@link RequestError} for everything that was wrong so far. `hint`: what the caller can do. */
  throwIfWrong(hint?: string): void {
    if (this.errors.length > 0) throw invalidFields(this.errors, this.code, hint);
  }

  #wrong(path: string, message: string): undefined {
    this.errors.push({ path, message });
  }
}

/** What comes before the query, and the query without its `?`: a later one is part of a value. */
export function splitUrl(url: string): [path: string, search: string] {
  const start = url.indexOf('?');
  return start === -1 ? [url, ''] : [url.slice(0, start), url.slice(start + 1)];
}

function parseQuery(url: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  const [, search] = splitUrl(url);
  for (const pair of search.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1));
    const list = values.get(name);
    if (list) list.push(value);
    else values.set(name, [value]);
  }
  return values;
}

/** As forms encode. Unlike URLSearchParams, refuses what is no UTF-8 instead of changing it. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw new RequestError('request.malformed', 'The query has a malformed % sequence.', {
      hint: 'Write % as %25, and other text as UTF-8.',
      cause,
    });
  }
}
