import type { Limits, Logger } from '@conjob/shared';
import type { Redis } from 'ioredis';

/** Writes down what this process allows whenever there is a new connection to Redis, which may be empty. */
export function announceLimits(
  redis: Redis,
  limits: Pick<Limits, 'announce'>,
  logger: Logger,
): void {
  const announce = (): void => {
    limits.announce().catch((error: unknown) => {
      logger.warn({ err: error }, 'the limits could not be written down');
    });
  };
  redis.on('ready', announce);
  if (redis.status === 'ready') announce();
}
