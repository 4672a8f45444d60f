import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { ConfigError, type Logger } from '@conjob/shared';
import { TLS_RULES } from '../tls/certificate.ts';
import type { CertificateFiles } from '../tls/certificate-files.ts';
import { answerClientErrors } from './client-error.ts';
import { type ConnectionLimits, limitConnections, serverOptions } from './connection-limits.ts';
import { withoutRefused } from './refused-connections.ts';

const CLOSE_IDLE_EVERY_MS = 50;
/** Less than a process takes to shut down: a client that says nothing must not hold that up. */
const HANDSHAKE_MS = 5000;

export interface Address {
  readonly host: string;
  readonly port: number;
  /** The variable that the port is from. Default: PORT. */
  readonly portVariable?: string;
  /** Null: plain HTTP. */
  readonly certificate?: CertificateFiles | null;
}

export interface ListenOptions {
  readonly limits: ConnectionLimits;
  readonly logger: Logger;
}

/** Throws `ConfigError` when the address can't be had. */
export async function listen(
  handler: RequestListener,
  address: Address,
  { limits, logger }: ListenOptions,
): Promise<Server> {
  const { host, port } = address;
  const server = createServerFor(withoutRefused(handler), address.certificate ?? null, limits);
  limitConnections(server, limits, logger);
  answerClientErrors(server, limits);
  // An expectation that nobody knows is ignored: Node would answer 417, without a trace id.
  server.on('checkExpectation', withoutRefused(handler));
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw explain(error as NodeJS.ErrnoException, address);
  }
  return server;
}

function createServerFor(
  handler: RequestListener,
  certificate: CertificateFiles | null,
  limits: ConnectionLimits,
): Server {
  const options = serverOptions(limits);
  if (certificate === null) return createServer(options, handler);
  const tls = {
    ...certificate.current,
    ...TLS_RULES,
    handshakeTimeout: HANDSHAKE_MS,
  } as const;
  const server = createTlsServer({ ...options, ...tls }, handler);
  certificate.serve(server);
  return server;
}

/** Where it listens; the port is the real one when any free one was asked for. */
export function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  const scheme = server instanceof TlsServer ? 'https' : 'http';
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/**
 * Stops listening, calls `answerWaiters`, and resolves when every request that was under way has its
 * answer, or is cut off after `graceMs`.
 */
export async function closeServer(
  server: Server,
  { graceMs, answerWaiters }: { readonly graceMs: number; readonly answerWaiters: () => void },
): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  answerWaiters();
  // Clients keep connections open after their answer; close() only closes those idle at that moment.
  const idle = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_EVERY_MS);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
}

function explain(
  error: NodeJS.ErrnoException,
  { host, port, portVariable = 'PORT' }: Address,
): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new ConfigError(`Port ${port} is taken. Set ${portVariable} to another one.`);
    case 'EACCES':
      return new ConfigError(
        `Port ${port} needs privileges. Set ${portVariable} to one from 1024.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConfigError(`This machine has no address ${host}. Set HOST to one that it has.`);
    default:
      return error;
  }
}
