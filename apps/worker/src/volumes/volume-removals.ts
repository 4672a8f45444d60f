import { keys, type Logger, VOLUME_ANSWERS_SECONDS, type VolumeRemoval } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { Background } from '../background.ts';
import { removeVolumes, type VolumeHost } from './remove-volumes.ts';

export interface VolumeRemovalOptions extends VolumeHost {
  readonly redis: Redis;
  readonly worker: string;
  readonly background: Pick<Background, 'add'>;
  readonly logger: Logger;
}

/** Hears what the API asks of all workers, does it here, and answers. Never throws. */
export function volumeRemovals(options: VolumeRemovalOptions): (message: string) => void {
  const { redis, worker, background, logger } = options;
  const handle = async (message: string): Promise<void> => {
    const { id, volumes } = JSON.parse(message) as VolumeRemoval;
    const answers = await removeVolumes(options, volumes);
    logger.info({ answers }, 'removed volumes on request');
    const key = keys.volumeAnswers(id);
    await redis
      .multi()
      .hset(key, worker, JSON.stringify(answers))
      .expire(key, VOLUME_ANSWERS_SECONDS)
      .exec();
  };
  return (message) => {
    const warn = (error: unknown) => logger.warn({ err: error }, 'could not remove volumes');
    void background.add(() => handle(message).catch(warn));
  };
}
