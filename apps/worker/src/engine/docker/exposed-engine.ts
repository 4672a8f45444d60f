import { isLoopback } from '@conjob/shared';
import { parseDockerHost } from './connect-docker.ts';

/**
 * Whether `DOCKER_HOST` names an engine that other machines reach too: a host or an address, and not
 * loopback. One that can't be read names none.
 */
export function remoteHost(dockerHost: string | undefined): string | null {
  try {
    const address = parseDockerHost(dockerHost, undefined);
    if ('socketPath' in address) return null;
    const host = address.host.replace(/^\[(.*)\]$/, '$1');
    return isLoopback(host) ? null : host;
  } catch {
    return null;
  }
}
