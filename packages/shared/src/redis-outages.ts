import type { Redis } from 'ioredis';
import type { Logger } from './logger.ts';

/** Says once per outage that Redis is away, and not at each attempt to reconnect, and once that it is back. */
export function reportOutages(
  redis: Pick<Redis, 'on'>,
  logger: Pick<Logger, 'warn' | 'info'>,
): void {
  let isAway = false;
  redis.on('error', (error) => {
    if (!isAway) logger.warn({ err: error }, 'Redis can not be reached');
    isAway = true;
  });
  redis.on('ready', () => {
    if (isAway) logger.info('Redis is back');
    isAway = false;
  });
}
