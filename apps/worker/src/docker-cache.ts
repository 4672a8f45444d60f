import { createHash } from 'node:crypto';
import {
  canonicalImage,
  DEFAULT_REGISTRY,
  imageRepository,
  parseImageReference,
} from '@conjob/shared';
import type { NamedVolume } from './engine/engine.ts';
import { LABELS } from './engine/labels.ts';
import type { StoredVolume } from './engine/upkeep.ts';

/** Where an engine inside of a container keeps its images and layers. */
const DOCKER_DATA = '/var/lib/docker';
/** Names are folders on the host, of 255 bytes at most; what is cut off here, the hash still tells. */
const MAX_READABLE_LENGTH = 200;
const HASH_DIGITS = 8;
const HUB = `${DEFAULT_REGISTRY}/`;
const HUB_LIBRARY = `${HUB}library/`;

/**
 * The volume of one image, however it is written, for an engine that its jobs run inside of their container. The
 * readable part alone is not unique (`a/b-c` and `a-b/c` look the same): the hash makes it so. And should two
 * images ever have the same, the label keeps them apart: the engine mounts a volume for that image only.
 */
export function dockerCache(image: string, installation: string): NamedVolume {
  const canonical = canonicalImage(parseImageReference(image));
  return {
    name: `${shortName(withoutHub(canonical))}-${hashOf(canonical)}`,
    target: DOCKER_DATA,
    labels: { [LABELS.installation]: installation, [LABELS.cacheOf]: canonical },
  };
}

/**
 * Whether a volume goes by this name: its own, or the one that its image would give it by any way of writing that
 * image, with or without the hash. Without it is how the original names them.
 */
export function isNamed({ name: own, labels }: StoredVolume, name: string): boolean {
  const canonical = labels[LABELS.cacheOf];
  if (canonical === undefined || name === own) return name === own;
  const hash = hashOf(canonical);
  return spellings(canonical)
    .map(shortName)
    .some((short) => name === short || name === `${short}-${hash}`);
}

function shortName(image: string): string {
  const readable = image.replace(/[^a-zA-Z0-9_.-]/g, '-').slice(0, MAX_READABLE_LENGTH);
  return `conjob-docker-cache-${readable}`;
}

function hashOf(canonical: string): string {
  return createHash('sha256').update(canonical).digest('hex').slice(0, HASH_DIGITS);
}

/** As most write it: `acme/tool:1`, `library/alpine:latest`, `ghcr.io/acme/tool:1`. */
function withoutHub(canonical: string): string {
  return canonical.startsWith(HUB) ? canonical.slice(HUB.length) : canonical;
}

/** All references that mean this image. */
function spellings(canonical: string): string[] {
  const repository = imageRepository(parseImageReference(canonical));
  const rest = canonical.slice(repository.length);
  const repositories = [repository];
  if (repository.startsWith(HUB)) {
    const path = withoutHub(repository);
    repositories.push(path, `index.${HUB}${path}`);
  }
  if (repository.startsWith(HUB_LIBRARY)) {
    const bare = repository.slice(HUB_LIBRARY.length);
    repositories.push(bare, `${HUB}${bare}`, `index.${HUB}${bare}`);
  }
  return repositories.flatMap((one) =>
    rest === ':latest' ? [one, `${one}${rest}`] : [`${one}${rest}`],
  );
}
