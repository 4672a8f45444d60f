import type { NetConnectOpts } from 'node:net';
import type { RedisAddress } from '@conjob/provision';
import { type FaultProxy, startFaultProxy } from '@conjob/testkit';

/** A connection of one process to what it needs, which a row may break. */
export interface Link extends FaultProxy {
  /** What the process is given instead of the real address. */
  readonly url: string;
}

export async function linkToRedis(address: RedisAddress): Promise<Link> {
  const proxy = await startFaultProxy({ target: connectOptions(address) });
  return withUrl(proxy, `redis://127.0.0.1:${portOf(proxy)}`);
}

export async function linkToEngine(socketPath: string): Promise<Link> {
  const proxy = await startFaultProxy({ target: { path: socketPath }, listen: 'unix' });
  if (!('path' in proxy.address)) throw new Error('The proxy of an engine listens on a socket');
  return withUrl(proxy, `unix://${proxy.address.path}`);
}

function withUrl(proxy: FaultProxy, url: string): Link {
  return {
    url,
    get address() {
      return proxy.address;
    },
    get accepted() {
      return proxy.accepted;
    },
    get open() {
      return proxy.open;
    },
    set: (fault) => proxy.set(fault),
    cut: (options) => proxy.cut(options),
    stop: () => proxy.stop(),
  };
}

function connectOptions(address: RedisAddress): NetConnectOpts {
  return 'socketPath' in address
    ? { path: address.socketPath }
    : { port: address.port, host: '127.0.0.1' };
}

function portOf({ address }: FaultProxy): number {
  if (!('port' in address)) throw new Error('The proxy of Redis listens on a port');
  return address.port;
}
