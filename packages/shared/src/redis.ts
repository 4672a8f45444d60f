import { Redis, type RedisOptions } from 'ioredis';
import { writeInBatches } from './write-in-batches.ts';

/** Replies keep the one shape that our code reads. */
type Options = Omit<RedisOptions, 'replyMapping'>;

/** Where Redis is, and how to prove who we are. */
export interface RedisAccess {
  /** `redis://…`, `rediss://…`, or `unix:///path/of/a.sock`. */
  readonly url: string;
  /** Where the URL has none. */
  readonly password?: string | undefined;
  /** PEM: whom to trust, and our own certificate. Default: the authorities of Node, and none. */
  readonly tls?:
    | {
        readonly ca?: string | undefined;
        readonly cert?: string | undefined;
        readonly key?: string | undefined;
      }
    | undefined;
}

/** Reconnect at once, then less often, at most a second apart: Redis is back when it is back. */
const reconnectDelayMs = (attempt: number): number => Math.min(attempt * 50, 1000);

const COMMAND_TIMEOUT_MS = 2500;

/**
 * A connection for work that must get done: commands wait through an outage. For the worker, whose
 * results are recorded when Redis is back, and for blocking reads.
 */
export function connectPatient(access: RedisAccess | string, options: Options = {}): Redis {
  return connect(access, { maxRetriesPerRequest: null, ...options });
}

/**
 * A connection for work that somebody waits for: a command fails at once while Redis is away, and
 * after 2.5 seconds when Redis falls silent; from then on at once, until Redis answers again. One that
 * failed may still have been carried out.
 */
export function connectImpatient(access: RedisAccess | string): Redis {
  return connect(access, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    // Closes the connection as well: whatever comes next does not wait once more.
    socketTimeout: COMMAND_TIMEOUT_MS,
  });
}

function connect(given: RedisAccess | string, options: Options): Redis {
  const access: RedisAccess = typeof given === 'string' ? { url: given } : given;
  const { tls } = access;
  const common: Options = {
    // A user of Redis need not be allowed to tell which library he uses.
    disableClientInfo: true,
    retryStrategy: reconnectDelayMs,
    connectTimeout: 3000,
    ...(tls === undefined ? {} : { tls }),
    ...options,
  };
  const redis = open(access, common);
  return redis.on('connect', () => writeInBatches(redis.stream));
}

function open({ url, password }: RedisAccess, common: Options): Redis {
  if (!url.startsWith('unix://')) return new Redis(withPassword(url, password), common);
  const login = password === undefined ? {} : { password };
  return new Redis({ ...common, ...login, path: url.slice('unix://'.length) });
}

function withPassword(url: string, password: string | undefined): string {
  if (password === undefined) return url;
  const whole = new URL(url);
  whole.password = encodeURIComponent(password);
  return whole.href;
}

/** Ends a connection without waiting for a server that may be gone. */
export async function disconnect(redis: Redis): Promise<void> {
  // Between two attempts to connect there is nothing to end, and ioredis emits no `end`.
  const isDown = redis.status === 'end' || redis.status === 'reconnecting';
  if (isDown) return redis.disconnect();
  const ended = new Promise<void>((resolve) => redis.once('end', () => resolve()));
  redis.disconnect();
  await ended;
}
