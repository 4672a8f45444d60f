import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether only this machine reaches what listens on `host`: a name or an address. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host.toLowerCase() === 'localhost';
  return LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** The address in `127.0.0.1:8080`, `[::1]:8080` or `8080`: how Docker is told where to publish a port. */
export function publishedHost(address: string): string {
  const colon = address.lastIndexOf(':');
  return colon === -1 ? '0.0.0.0' : address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
}
