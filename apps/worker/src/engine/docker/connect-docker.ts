import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { wrong } from './engine-refusal.ts';

/** Where an engine listens, and how to prove who we are. */
export type EngineAddress =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number; readonly certificates: string | undefined };

const DEFAULT_SOCKET = '/var/run/docker.sock';

/**
 * Reads `DOCKER_HOST` as the Docker CLI does: `unix://PATH` or `tcp://HOST:PORT`; unset means the
 * default socket. `certificates`: folder with ca.pem, cert.pem and key.pem (`DOCKER_CERT_PATH`), for
 * TLS. Throws an Error with one clear sentence.
 */
export function parseDockerHost(
  dockerHost: string | undefined,
  certificates: string | undefined,
): EngineAddress {
  if (dockerHost === undefined) return { socketPath: DEFAULT_SOCKET };
  if (dockerHost.startsWith('unix://')) {
    return { socketPath: dockerHost.slice('unix://'.length) || DEFAULT_SOCKET };
  }
  const url = URL.canParse(dockerHost) ? new URL(dockerHost) : null;
  if (url?.protocol !== 'tcp:' || url.hostname === '') {
    throw new Error('must be unix:///path/of/docker.sock or tcp://host:port');
  }
  const port = Number(url.port || (certificates ? 2376 : 2375));
  return { host: url.hostname, port, certificates };
}

/**
 * A dockerode client. It gets no HTTP agent of its own: the client inspects its whole agent, every
 * socket included, on each request, even with debugging off (`pnpm bench cpu` shows what that would
 * cost). Node's global agent keeps connections alive as well. Throws `ConfigError` when a certificate is missing.
 */
export function connectDocker(address: EngineAddress): Docker {
  // An explicit undefined keeps the client from reading DOCKER_HOST itself.
  const nothing = { host: undefined } as unknown as { host: string };
  if ('socketPath' in address) {
    return new Docker({ ...nothing, protocol: 'http', socketPath: address.socketPath });
  }
  const { host, port, certificates } = address;
  if (certificates === undefined) return new Docker({ host, port, protocol: 'http' });
  const read = (name: string) => {
    try {
      return readFileSync(join(certificates, name), 'utf8');
    } catch (error) {
      throw wrong('DOCKER_CERT_PATH', (error as Error).message);
    }
  };
  return new Docker({
    host,
    port,
    protocol: 'https',
    ca: read('ca.pem'),
    cert: read('cert.pem'),
    key: read('key.pem'),
  });
}
