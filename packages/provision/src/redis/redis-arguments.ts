import type { RedisAddress } from './redis-probe.ts';

/** `port` is of 127.0.0.1. PEM: the server's certificate and key, and who signs those of clients. */
export interface RedisTls {
  readonly port: number;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

export interface RedisSettings {
  readonly folder: string;
  readonly address: RedisAddress;
  /** Write every change to disk before answering. */
  readonly appendOnly: boolean;
  /** Users beside the default one, as lines of an ACL file without the word `user`. */
  readonly users: readonly string[];
  /** Listen with TLS as well, for clients with a certificate. */
  readonly tls: RedisTls | undefined;
}

/**
 * The command line of a Redis that loses nothing: every write reaches the disk before its
 * answer, and a full memory refuses writes instead of dropping keys of the queue.
 */
export function redisArguments({
  folder,
  address,
  appendOnly,
  users,
  tls,
}: RedisSettings): string[] {
  const settings: Record<string, string> = {
    dir: folder,
    daemonize: 'no',
    supervised: 'no',
    appendonly: appendOnly ? 'yes' : 'no',
    appendfsync: 'always',
    save: '',
    'maxmemory-policy': 'noeviction',
    bind: '127.0.0.1',
    ...('socketPath' in address
      ? { port: '0', unixsocket: address.socketPath, unixsocketperm: '700' }
      : { port: String(address.port) }),
    ...(tls && {
      'tls-port': String(tls.port),
      'tls-cert-file': tls.certFile,
      'tls-key-file': tls.keyFile,
      'tls-ca-cert-file': tls.caFile,
    }),
  };
  return [
    ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    ...users.flatMap((user) => ['--user', ...user.split(' ')]),
  ];
}
