import { connectPatient, disconnect, type Logger, type RedisAccess } from '@conjob/shared';

/**
 * Hears at once what is said on these channels, on one connection of its own. What is missed while that
 * is away must show by itself later. Returns how to end it.
 */
export function listen(
  access: RedisAccess | string,
  handlers: Readonly<Record<string, (message: string) => void>>,
  logger: Logger,
): () => Promise<void> {
  const redis = connectPatient(access);
  const log = (error: unknown) => logger.debug({ err: error }, 'listener');
  redis.on('error', log);
  redis.on('message', (channel, message) => handlers[channel]?.(message));
  redis.subscribe(...Object.keys(handlers)).catch(log);
  return () => disconnect(redis);
}
