import type { Logger } from '@conjob/shared';
import type { Engine } from '../engine/engine.ts';
import type { StoredImage, Upkeep } from '../engine/upkeep.ts';
import type { Use, UseLog } from './use-log.ts';

/** Whoever noted a use so recently may be about to make a container of the image. */
const FRESH_MS = 60_000;

export interface ImageCacheOptions {
  readonly engine: Pick<Engine, 'removeImage'>;
  readonly upkeep: Upkeep;
  readonly uses: UseLog;
  readonly limitBytes: number;
  readonly logger: Logger;
}

/** The name of a use: which image, and how the job called it. */
export function imageUse(id: string, reference: string): string {
  return `${id} ${reference}`;
}

/** Removes the least recently used images of jobs while together they are larger than the limit. */
export async function trimImages(options: ImageCacheOptions): Promise<void> {
  const { engine, upkeep, uses, limitBytes, logger } = options;
  const [stored, used] = await Promise.all([upkeep.images(), uses.read()]);
  const images = cachedImages(stored, used);
  let sizeBytes = images.reduce((sum, image) => sum + image.sizeBytes, 0);
  for (const image of images) {
    if (sizeBytes <= limitBytes) break;
    if (!image.isRemovable || !(await remove(engine, image))) continue;
    sizeBytes -= image.sizeBytes;
    logger.info(
      { image: image.id, tags: image.tags, freedBytes: image.sizeBytes, cachedBytes: sizeBytes },
      'removed an image: the cache is over its limit',
    );
  }
  const known = new Set(stored.map(({ id }) => id));
  const gone = used.filter(({ name, agoMs }) => agoMs > FRESH_MS && !known.has(parse(name).id));
  await uses.forget(gone.map(({ name }) => name));
}

interface CachedImage extends StoredImage {
  readonly isRemovable: boolean;
}

/**
 * The images that jobs have used, least recently used first. An image that also has a name by which no job
 * has called it is somebody else's as well: it stays.
 */
export function cachedImages(
  stored: readonly StoredImage[],
  used: readonly Use[],
): readonly CachedImage[] {
  const uses = Map.groupBy(used, ({ name }) => parse(name).id);
  const cached = stored.flatMap((image) => {
    const ofImage = uses.get(image.id);
    if (ofImage === undefined) return [];
    const agoMs = Math.min(...ofImage.map((use) => use.agoMs));
    const references = new Set(ofImage.map(({ name }) => parse(name).reference));
    const isOurs = image.tags.every((tag) => references.has(tag));
    return [{ ...image, agoMs, isRemovable: isOurs && !image.isUsed && agoMs > FRESH_MS }];
  });
  return cached.sort((a, b) => b.agoMs - a.agoMs);
}

/** Never by force: when a container was made of it meanwhile, the engine refuses. */
async function remove(engine: Pick<Engine, 'removeImage'>, image: StoredImage): Promise<boolean> {
  const names = image.tags.length > 0 ? image.tags : [image.id];
  let removed = false;
  for (const name of names) removed = await engine.removeImage(name);
  return removed;
}

function parse(name: string) {
  const [id = '', reference = ''] = name.split(' ');
  return { id, reference };
}
