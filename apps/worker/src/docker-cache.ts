import { createHash } from 'node:crypto';
import { canonicalImage, parseImageReference } from '@conjob/shared';
import type { NamedVolume } from './engine/engine.ts';
import { LABELS } from './engine/labels.ts';

/** Where an engine inside of a container keeps its images and layers. */
const DOCKER_DATA = '/var/lib/docker';
/** Names are folders on the host, of 255 bytes at most; what is cut off here, the hash still tells. */
const MAX_READABLE_LENGTH = 200;
const HASH_DIGITS = 8;

/**
 * The volume of one image, for an engine that its jobs run inside of their container. The readable part alone is
 * not unique (`a/b-c` and `a-b/c` look the same): the hash makes it so. And should two images ever have the
 * same, the label keeps them apart: the engine mounts a volume for that image only.
 */
export function dockerCache(image: string, installation: string): NamedVolume {
  const canonical = canonicalImage(parseImageReference(image));
  const hash = createHash('sha256').update(canonical).digest('hex').slice(0, HASH_DIGITS);
  const readable = image.replace(/[^a-zA-Z0-9_.-]/g, '-').slice(0, MAX_READABLE_LENGTH);
  return {
    name: `conjob-docker-cache-${readable}-${hash}`,
    target: DOCKER_DATA,
    labels: { [LABELS.installation]: installation, [LABELS.cacheOf]: canonical },
  };
}

/** Whether a volume has this name, or had it if the hash were left out, as the original names it. */
export function isNamed(volume: string, name: string): boolean {
  if (volume === name) return true;
  return volume.startsWith(`${name}-`) && /^-[0-9a-f]{8}$/.test(volume.slice(name.length));
}
