import { isUtf8 } from 'node:buffer';
import { invalidFields, RequestError } from './request-errors.ts';

const JSON_TYPE =
  /^application\/(?:[a-z0-9!#$&^_.-]+\+)?json\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?$/i;

export interface JsonBodyOptions {
  /** What the body is: `A job spec`. */
  readonly what: string;
  readonly hint: string;
}

export function isJsonType(contentType: string | undefined): boolean {
  return contentType !== undefined && JSON_TYPE.test(contentType);
}

/** A body as JSON, whose Content-Type must say so. Throws `RequestError`. */
export function readJson(
  contentType: string | undefined,
  body: Buffer,
  { what, hint }: JsonBodyOptions,
): unknown {
  if (!isJsonType(contentType)) {
    throw new RequestError(
      'request.unsupported_media_type',
      `${what} must be sent as Content-Type: application/json, in UTF-8.`,
      { hint },
    );
  }
  if (!isUtf8(body)) throw new RequestError('request.malformed', `${what} must be UTF-8 text.`);
  try {
    return JSON.parse(body.toString('utf8'), refuseProto);
  } catch (cause) {
    if (cause instanceof RequestError) throw cause;
    const isTooDeep = cause instanceof RangeError;
    const complaint = isTooDeep
      ? 'is nested too deeply'
      : `must be valid JSON${placeOf((cause as Error).message)}`;
    throw new RequestError('request.malformed', `${what} ${complaint}.`, { cause });
  }
}

/** Where it is none, as far as the parser says. Its other words may quote what it was given, which may be secret. */
function placeOf(said: string): string {
  if (said === 'Unexpected end of JSON input') return ': it ends too early';
  const [, line, column] = / at position \d+ \(line (\d+) column (\d+)\)$/.exec(said) ?? [];
  return line === undefined ? '' : `: look at line ${line}, column ${column}`;
}

/** Whatever copies objects loses a field of this name without a word. */
function refuseProto(key: string, value: unknown): unknown {
  if (key !== '__proto__') return value;
  throw invalidFields([{ path: key, message: 'This name can not be used.' }]);
}
