import { canonicalImage, keys, type Logger, parseImageReference } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { ContainerSpec } from '../engine/engine.ts';
import { LABELS } from '../engine/labels.ts';
import { imageUse } from './image-cache.ts';
import { UseLog } from './use-log.ts';

/** Notes what a container is about to use, for reapers to see. Nobody waits for it, and it never throws. */
export type NoteUses = (container: Pick<ContainerSpec, 'image' | 'labels' | 'volumes'>) => void;

export function noteUses(redis: Redis, engineId: string, logger: Logger): NoteUses {
  const images = new UseLog(redis, keys.imageUse(engineId));
  const volumes = new UseLog(redis, keys.volumeUse(engineId));
  const note = (log: UseLog, name: string): void => {
    const warn = (error: unknown) => logger.warn({ err: error, name }, 'could not note a use');
    log.note(name).catch(warn);
  };
  return ({ image, labels, volumes: mounted }) => {
    const reference = canonicalImage(parseImageReference(labels[LABELS.image] ?? ''));
    note(images, imageUse(image, reference));
    for (const { name, memory } of mounted) if (memory === undefined) note(volumes, name);
  };
}
