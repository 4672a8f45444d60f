import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';

export interface EngineReply {
  readonly status: number;
  readonly body: string;
}

export interface EngineCall {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly tar?: Buffer;
  readonly json?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/**
 * One short call to an engine's API over its unix socket. Resolves for every status.
 * Rejects on connection errors and when `timeoutMs` (default 60 s) pass without an end.
 */
export async function callEngine(
  socketPath: string,
  path: string,
  { method = 'GET', tar, json, headers = {}, timeoutMs = 60_000 }: EngineCall = {},
): Promise<EngineReply> {
  const call = request({
    socketPath,
    path,
    method,
    agent: false, // no kept-alive socket is left behind
    headers: { ...headers, ...contentType(tar, json) },
    signal: AbortSignal.timeout(timeoutMs),
  });
  const reply = new Promise<IncomingMessage>((resolve, reject) => {
    call.once('response', resolve).on('error', reject);
  });
  if (tar !== undefined) {
    // An engine that refuses does so unread; writing on would lose its answer to EPIPE.
    call.once('continue', () => call.end(tar)).flushHeaders();
  } else {
    call.end(json === undefined ? undefined : JSON.stringify(json));
  }
  return read(await reply);
}

function contentType(tar: Buffer | undefined, json: object | undefined): OutgoingHttpHeaders {
  if (tar !== undefined) return { 'content-type': 'application/x-tar', expect: '100-continue' };
  return json === undefined ? {} : { 'content-type': 'application/json' };
}

async function read(reply: IncomingMessage): Promise<EngineReply> {
  const chunks: Buffer[] = [];
  for await (const chunk of reply) chunks.push(chunk as Buffer);
  return { status: reply.statusCode ?? 0, body: Buffer.concat(chunks).toString() };
}
