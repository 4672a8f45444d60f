import type { Redis } from 'ioredis';
import { ConfigError } from './load-config.ts';
import { tlsFault } from './tls-fault.ts';

/** Why Redis, which is there, does not let us in; null when it does, or is away. */
export function redisRefusal(error: unknown): string | null {
  const { message = '' } = error as Error;
  if (message.startsWith('WRONGPASS')) {
    return 'Redis does not know this user with this password.';
  }
  if (message.startsWith('NOAUTH')) return 'Redis asks for a password, and there is none.';
  if (message.startsWith('NOPERM')) {
    return `Redis does not allow this user what ConJob needs (deploy/redis/users.acl has the rules): ${message}`;
  }
  const fault = tlsFault(error);
  return fault === null
    ? null
    : `There is no TLS that both sides take (REDIS_TLS_CA_FILE, REDIS_TLS_CERT_FILE): ${fault}`;
}

/**
 * Waits for the first that is heard of Redis. Throws `ConfigError` when it lets nobody in like this: that
 * does not pass by itself. It may be away, or come later.
 */
export async function expectWelcome(redis: Redis): Promise<void> {
  if (redis.status === 'ready') return;
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const onEnd = () => resolve(null);
  redis.once('ready', onEnd).once('error', resolve).once('close', onEnd);
  const error = await promise;
  redis.off('ready', onEnd).off('error', resolve).off('close', onEnd);
  const refusal = error === null ? null : redisRefusal(error);
  if (refusal !== null) {
    throw new ConfigError(`These environment variables are wrong:\n  REDIS_URL: ${refusal}`);
  }
}
