import { isIPv6 } from 'node:net';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const NETWORK_GROUPS = 4;

/**
 * Whose an address is: itself for IPv4, and the network of 64 bits for IPv6, of which whoever has one address has
 * them all. Empty for a client that has left.
 */
export function clientNetwork(address: string | undefined): string {
  if (address === undefined) return '';
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [bare = ''] = address.split('%');
  if (!isIPv6(bare)) return address;
  const [head = '', tail] = bare.split('::');
  const groups = head === '' ? [] : head.split(':');
  const end = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - end.length) }, () => '0');
  const all = tail === undefined ? groups : [...groups, ...zeros, ...end];
  return `${all.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}
