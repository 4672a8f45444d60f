import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** An answer as it came to this process. */
export interface HeardAnswer {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The whole body where it is JSON or events, else null. */
  readonly bytes: Buffer | null;
}

/**
 * Tells every answer to `fetch` and to `node:http`, whoever asked. It only listens to what these tell of themselves: nothing is
 * read that its receiver has not read, or held up. What is JSON is told when it has come whole; what breaks off, never. Events are
 * told at once without a body, and once more with it when all have come.
 */
export function hearAnswers(tell: (answer: HeardAnswer) => void): void {
  const open = new WeakMap<object, Hearing>();
  subscribe('undici:request:headers', (message) => {
    const { request, response } = message as UndiciHeaders;
    const { method, path: target } = request;
    const headers = namedHeaders(response.headers);
    open.set(request, hear({ method, target, status: response.statusCode, headers }, tell));
  });
  subscribe('undici:request:bodyChunkReceived', (message) => {
    const { request, chunk } = message as { request: object; chunk: Buffer };
    open.get(request)?.take(chunk);
  });
  subscribe('undici:request:trailers', (message) => {
    open.get((message as { request: object }).request)?.end();
  });
  subscribe('http.client.response.finish', (message) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    const { method, path: target } = request;
    const { statusCode: status = 0, headers } = response;
    const hearing = hear({ method, target, status, headers }, tell);
    const push = response.push.bind(response);
    response.push = (chunk: Buffer | null, encoding) => {
      if (chunk !== null) hearing.take(chunk);
      else if (response.complete) hearing.end();
      return push(chunk, encoding);
    };
  });
}

interface UndiciHeaders {
  readonly request: { readonly method: string; readonly path: string };
  /** Names and values by turns. */
  readonly response: { readonly statusCode: number; readonly headers: (Buffer | string)[] };
}

interface Hearing {
  take(chunk: Buffer): void;
  end(): void;
}

function hear(head: Omit<HeardAnswer, 'bytes'>, tell: (answer: HeardAnswer) => void): Hearing {
  const type = head.headers['content-type'] ?? '';
  if (!/json/.test(type)) tell({ ...head, bytes: null });
  if (!/json|event-stream/.test(type)) {
    return { take() {}, end() {} };
  }
  const chunks: Buffer[] = [];
  return {
    take: (chunk) => void chunks.push(Buffer.from(chunk)),
    end: () => tell({ ...head, bytes: Buffer.concat(chunks) }),
  };
}

function namedHeaders(list: readonly (Buffer | string)[]): IncomingHttpHeaders {
  const pairs = Array.from({ length: list.length / 2 }, (_, n) => {
    return [String(list[2 * n]).toLowerCase(), String(list[2 * n + 1])];
  });
  return Object.fromEntries(pairs);
}
