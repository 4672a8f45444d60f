import { keys, type Logger } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { Engine } from '../engine/engine.ts';
import type { Upkeep } from '../engine/upkeep.ts';
import { trimImages } from './image-cache.ts';
import { UseLog } from './use-log.ts';
import { trimVolumes } from './volume-cache.ts';

export interface HousekeepingOptions {
  readonly engine: Engine;
  readonly upkeep: Upkeep;
  readonly redis: Redis;
  readonly engineId: string;
  readonly installation: string;
  /** Undefined: no limit. */
  readonly imageCacheBytes: number | undefined;
  readonly dockerCacheRetentionMs: number;
  readonly logger: Logger;
}

/** One round through what jobs leave on an engine to be used again. */
export function housekeeping(options: HousekeepingOptions): () => Promise<void> {
  const { redis, engineId, imageCacheBytes: limitBytes } = options;
  const images = new UseLog(redis, keys.imageUse(engineId));
  const volumes = new UseLog(redis, keys.volumeUse(engineId));
  return async () => {
    if (limitBytes !== undefined) await trimImages({ ...options, uses: images, limitBytes });
    await trimVolumes({ ...options, uses: volumes, retentionMs: options.dockerCacheRetentionMs });
  };
}
