import type { Server, ServerOptions } from 'node:http';
import type { Logger } from '@conjob/shared';

/** What one client, or all of them together, can take of a port. */
export interface ConnectionLimits {
  /** The request line and all headers. */
  readonly maxHeaderBytes: number;
  /** From the first byte, or from the start of the connection, to the last header. */
  readonly headersTimeoutMs: number;
  /** The same to the last byte of the body. How long the answer takes does not count. */
  readonly requestTimeoutMs: number;
  /** Between an answer and the next request. */
  readonly keepAliveMs: number;
  /** At once, on each port. */
  readonly maxConnections: number;
}

/** Finds out about clients that vanished during a long wait. */
const TCP_KEEP_ALIVE_MS = 30_000;
/** Node looks for slow clients so often only. */
const CHECK_EVERY_MS = 1000;
/** Then the client is asked to open another connection: no process has the same ones for ever. */
const MAX_REQUESTS_PER_CONNECTION = 10_000;
/** Whoever opens too many connections must not fill the log as well. */
const WARN_EVERY_MS = 10_000;

export function serverOptions(limits: ConnectionLimits): ServerOptions {
  return {
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
    keepAliveTimeout: limits.keepAliveMs,
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: CHECK_EVERY_MS,
    // Node answers a request without Host by itself, and without a word: ours is better.
    requireHostHeader: false,
  };
}

/** Connections beyond the limit are closed at once; those that are open go on. */
export function limitConnections(
  server: Server,
  { maxConnections }: ConnectionLimits,
  logger: Logger,
): void {
  // All of them are seen, and counted, by our own check: Node would leave out those beyond its limit.
  server.maxHeadersCount = 0;
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION;
  server.maxConnections = maxConnections;
  let quietUntil = 0;
  server.on('drop', () => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + WARN_EVERY_MS;
    logger.warn({ maxConnections }, 'connections are refused: there are too many');
  });
}
