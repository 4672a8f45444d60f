import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { expectNoCanary } from '@conjob/testkit';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body parsed as JSON. */
  readonly json: Json;
}

// biome-ignore lint/suspicious/noExplicitAny: tests say what they expect.
type Json = any;

export interface Call {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
  readonly signal?: AbortSignal;
  /** Sees the answer before its body is read. */
  readonly onResponse?: (response: IncomingMessage) => void;
}

/** One request on a connection of its own. Sends nothing that it was not told to, unlike `fetch`. */
export function call(url: string, options: Call = {}): Promise<Answer> {
  const { body, signal, onResponse, headers = {} } = options;
  const method = options.method ?? (body === undefined ? 'GET' : 'POST');
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent: false, ...(signal && { signal }) });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      onResponse?.(response);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        try {
          expectNoCanary(bytes, `the answer of ${new URL(url).pathname}`);
        } catch (leak) {
          return reject(leak);
        }
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          bytes,
          text: bytes.toString(),
          get json() {
            return JSON.parse(bytes.toString());
          },
        });
      });
    });
    outgoing.end(body);
  });
}
