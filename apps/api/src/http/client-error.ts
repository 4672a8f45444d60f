import { type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { methodNotAllowed } from './allow-methods.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { problemDocument } from './problem.ts';
import { RequestError } from './request-errors.ts';
import { traceId } from './trace-id.ts';

const LINGER_MS = 1000;
/** No route has another one. */
const METHODS = ['GET', 'HEAD', 'POST', 'DELETE'];

/** Answers what is no HTTP request at all, or none for a server such as this, and so never reaches a route. */
export function answerClientErrors(
  server: Server,
  limits: Pick<ConnectionLimits, 'maxHeaderBytes'>,
): void {
  // Node would close the connection without a word.
  server.on('connect', (_req, socket) => {
    socket.on('error', () => socket.destroy());
    endWith(socket, methodNotAllowed('CONNECT', METHODS));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // A client that left, or one that already got an answer on this connection, gets nothing.
    const answered = ((socket as Socket).bytesWritten ?? 0) > 0;
    // Nor does one that does not even speak TLS, where that is spoken.
    const isNoTls = /^ERR_(?:SSL|TLS)_/.test(error.code ?? '');
    if (error.code === 'ECONNRESET' || !socket.writable || answered || isNoTls) socket.destroy();
    else endWith(socket, toProblem(error.code, limits));
  });
}

/**
 * Closes the connection behind this answer. Node does not look after it any more: who never closes his side would
 * have it for ever. Closed at once, with something of his unread, he might not get to see the answer.
 */
function endWith(socket: Duplex, error: RequestError): void {
  socket.end(rawAnswer(error));
  socket.resume();
  const linger = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(linger));
}

function toProblem(
  code: string | undefined,
  { maxHeaderBytes }: Pick<ConnectionLimits, 'maxHeaderBytes'>,
): RequestError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new RequestError(
        'request.headers_too_large',
        `The URL and the headers together are larger than ${maxHeaderBytes} bytes.`,
        { hint: 'Send large input as the body of a POST.' },
      );
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new RequestError('request.timed_out', 'The request did not arrive in time.');
    case 'HPE_INVALID_EOF_STATE':
      return new RequestError('request.malformed', 'The request ended before all of it was there.');
    default:
      return new RequestError('request.malformed', 'This is no HTTP/1.1 request.');
  }
}

function rawAnswer(error: RequestError): string {
  const body = `${JSON.stringify(problemDocument(error))}\n`;
  return [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    'Content-Type: application/problem+json',
    'X-Content-Type-Options: nosniff',
    `X-B3-TraceId: ${traceId(undefined)}`,
    ...Object.entries(error.headers).map(([name, value]) => `${name}: ${String(value)}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
