import { connectPatient, disconnect, keys, type Logger } from '@conjob/shared';

/**
 * Hears of cancelled jobs at once, on a connection of its own. A message that is missed while the
 * connection is away shows at the next renewal of the job's lease. Returns how to end it.
 */
export function listenForCancels(
  redisUrl: string,
  onCancel: (id: string) => void,
  logger: Logger,
): () => Promise<void> {
  const redis = connectPatient(redisUrl);
  const log = (error: unknown) => logger.debug({ err: error }, 'cancel listener');
  redis.on('error', log);
  redis.on('message', (_channel, id) => onCancel(id));
  redis.subscribe(keys.cancels).catch(log);
  return () => disconnect(redis);
}
