import { z } from 'zod';
import { type ImageReference, parseImageReference } from './image-reference.ts';

/** Which images may be run. Undefined: all. */
export interface ImagePolicy {
  readonly allow?: readonly ImagePattern[] | undefined;
  /** Only by digest: a tag may name another image tomorrow. Default false. */
  readonly digestOnly?: boolean;
}

/** Repositories by host and path; `*` stands for any characters, in the host for none of the path. */
export interface ImagePattern {
  readonly domain: string;
  readonly path: string;
}

/** Why an image may not be run; null when it may. It needs no registry to know that. */
export function imageRefusal(image: string, { allow, digestOnly }: ImagePolicy): string | null {
  const reference = parseImageReference(image);
  if (allow !== undefined && !allow.some((pattern) => isOf(pattern, reference))) {
    return 'The image is not among those that may be run here.';
  }
  if (digestOnly && reference.digest === undefined) {
    return 'Images are run by digest only here: name@sha256:….';
  }
  return null;
}

function isOf(pattern: ImagePattern, { domain, path }: ImageReference): boolean {
  // Names of hosts are the same in any case.
  return matches(pattern.domain, domain.toLowerCase()) && matches(pattern.path, path);
}

/** In time linear to both: each piece is looked for once, from where the last one ended. */
function matches(pattern: string, text: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const piece of others) {
    const at = text.indexOf(piece, from);
    if (at === -1) return false;
    from = at + piece.length;
  }
  return text.endsWith(last) && text.length - last.length >= from;
}

const DOMAIN = /^[a-z0-9.*-]+(:[0-9*]+)?$|^\[[0-9a-f:]+\](:[0-9*]+)?$/;
const PATH = /^[a-z0-9._*-]+(\/[a-z0-9._*-]+)*$/;

/** As references are read: `alpine` is `docker.io/library/alpine`, `acme/*` is `docker.io/acme/*`. */
function parsePattern(text: string): ImagePattern | null {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0)).toLowerCase();
  const hasDomain = /[.:*]/.test(first) || first === 'localhost';
  const rest = hasDomain ? text.slice(slash + 1) : text;
  const isHub = !hasDomain || first === 'docker.io' || first === 'index.docker.io';
  const domain = isHub ? 'docker.io' : first;
  const path = isHub && !rest.includes('/') && rest !== '*' ? `library/${rest}` : rest;
  return DOMAIN.test(domain) && PATH.test(path) ? { domain, path } : null;
}

const isPattern = (pattern: ImagePattern | null): pattern is ImagePattern => pattern !== null;

/** A variable with patterns of images. */
export const imagePatterns = z
  .string()
  .transform((list) => list.split(',').map((pattern) => parsePattern(pattern.trim())))
  .refine(
    (list) => list.every(isPattern),
    'Must be repositories without tags such as ghcr.io/acme/*, with commas between.',
  )
  .transform((list) => list.filter(isPattern));
