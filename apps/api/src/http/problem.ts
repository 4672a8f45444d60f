import type { RequestError } from './request-errors.ts';

/** A page with a line for each code, on both ports. */
export const ERROR_PAGE = '/docs/errors';

/** The error as a problem document (RFC 9457). `path` is that of the request. */
export function problemDocument(error: RequestError, path?: string): object {
  return {
    type: `${ERROR_PAGE}#${error.code}`,
    title: error.title,
    status: error.status,
    detail: error.message,
    instance: path,
    code: error.code,
    hint: error.hint,
    errors: error.errors.length > 0 ? error.errors : undefined,
  };
}

/** The same facts for a person at a terminal. */
export function problemLine(error: RequestError): string {
  const hint = error.hint === undefined ? '' : ` ${error.hint}`;
  return `${error.code}: ${error.message}${hint}\n`;
}
