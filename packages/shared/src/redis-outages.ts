import type { Redis } from 'ioredis';
import type { Logger } from './logger.ts';
import { redisRefusal } from './redis-refusal.ts';

/**
 * Says once per outage that Redis is away, and not at each attempt to reconnect, and once that it is back.
 * One that is there and lets us in no more is said as what it is.
 */
export function reportOutages(
  redis: Pick<Redis, 'on'>,
  logger: Pick<Logger, 'error' | 'warn' | 'info'>,
): void {
  let said: 'away' | 'refused' | null = null;
  redis.on('error', (error) => {
    const refusal = redisRefusal(error);
    if (refusal !== null && said !== 'refused') {
      logger.error({ err: error }, `Redis refuses this process: ${refusal}`);
      said = 'refused';
    } else if (said === null) {
      logger.warn({ err: error }, 'Redis can not be reached');
      said = 'away';
    }
  });
  redis.on('ready', () => {
    if (said !== null) logger.info('Redis is back');
    said = null;
  });
}
