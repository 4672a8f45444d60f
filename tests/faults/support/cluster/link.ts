import type { NetConnectOpts } from 'node:net';
import type { RedisAddress } from '@conjob/provision';
import { type FaultProxy, startFaultProxy, startTlsProxy } from '@conjob/testkit';
import type { EngineDoor } from './cluster.ts';

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

/** To an engine as one on another machine offers itself: over TCP, with TLS and client certificates. */
export async function linkToRemoteEngine(socketPath: string): Promise<Link & EngineDoor> {
  const remote = await startTlsProxy({ socketPath });
  const proxy = await startFaultProxy({ target: { port: remote.port, host: '127.0.0.1' } });
  return Object.assign(withUrl(proxy, `tcp://127.0.0.1:${portOf(proxy)}`), {
    env: { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: remote.certPath },
    async stop() {
      await proxy.stop();
      await remote.stop();
    },
  });
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
  if (!('port' in address)) throw new Error('The proxy listens on no port');
  return address.port;
}
