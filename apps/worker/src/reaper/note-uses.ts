import { canonicalImage, keys, type Logger, parseImageReference } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { ContainerSpec } from '../engine/engine.ts';
import { LABELS } from '../engine/labels.ts';
import { imageUse } from './image-cache.ts';
import { UseLog } from './use-log.ts';

/** Notes what a container is about to use, for reapers to see. Nobody waits for it, and it never throws. */
export type NoteUses = (container: Pick<ContainerSpec, 'image' | 'labels' | 'volumes'>) => void;

/** So long a use counts as noted: less than what a reaper takes for fresh. */
const NOTED_MS = 20_000;
/** More names are not remembered. */
const MAX_REMEMBERED = 1_000;

export function noteUses(redis: Redis, engineId: string, logger: Logger): NoteUses {
  const images = new UseLog(redis, keys.imageUse(engineId));
  const volumes = new UseLog(redis, keys.volumeUse(engineId));
  const notedAt = new Map<string, number>();
  const note = (log: UseLog, name: string): void => {
    const now = performance.now();
    if (now - (notedAt.get(name) ?? Number.NEGATIVE_INFINITY) < NOTED_MS) return;
    if (notedAt.size >= MAX_REMEMBERED) notedAt.clear();
    notedAt.set(name, now);
    log.note(name).catch((error: unknown) => {
      notedAt.delete(name);
      logger.warn({ err: error, name }, 'could not note a use');
    });
  };
  return ({ image, labels, volumes: mounted }) => {
    const reference = canonicalImage(parseImageReference(labels[LABELS.image] ?? ''));
    note(images, imageUse(image, reference));
    for (const { name, memory } of mounted) if (memory === undefined) note(volumes, name);
  };
}
