/**
 * Image references by the grammar of the distribution project
 * (`[domain/]path[:tag][@digest]`), parsed by hand so that the time is linear in the input.
 */

/** Longest repository name (domain and path) that registries accept. */
const MAX_NAME_LENGTH = 255;
/** Longest reference that is looked at: name, tag (128) and the longest digest. */
const MAX_REFERENCE_LENGTH = 600;

const DOMAIN =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$/;
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
/** What the engine takes for an image's id: it would run another image than a registry has. */
const IMAGE_ID = /^[0-9a-f]{64}$/;

/** The domain of references that name no host. */
export const DEFAULT_REGISTRY = 'docker.io';

export interface ImageReference {
  /** Registry host, with its port where one was given; `docker.io` when none was. */
  readonly domain: string;
  /** Repository path; `library/` is put before a single component on docker.io. */
  readonly path: string;
  /** `latest` when neither tag nor digest was given; undefined when only a digest was. */
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

export class InvalidImageReferenceError extends Error {
  override readonly name = 'InvalidImageReferenceError';
}

/** Reads a reference as `docker pull` would. Throws {@link InvalidImageReferenceError}. */
export function parseImageReference(text: string): ImageReference {
  if (text === '') throw invalid('An image is required, for example library/hello-world:latest.');
  if (text.length > MAX_REFERENCE_LENGTH) throw tooLong();
  if (IMAGE_ID.test(text)) throw invalid('The image must be a name; 64 hex digits are an id.');
  const { name, tag, digest } = splitReference(text);
  const { domain, path } = splitName(name);
  if (`${domain}/${path}`.length > MAX_NAME_LENGTH) throw tooLong();
  if (!DOMAIN.test(domain)) throw invalid('The registry host of the image is not a host name.');
  for (const component of path.split('/')) {
    if (!PATH_COMPONENT.test(component)) {
      throw invalid(
        'The image is not a reference: its path takes lower-case letters, digits and single ' +
          'separators (. _ - /), for example ghcr.io/acme/tool:1.2.',
      );
    }
  }
  if (tag !== undefined && !TAG.test(tag)) {
    throw invalid(
      'The tag of the image takes 1 to 128 letters, digits, dots, dashes, underscores.',
    );
  }
  if (digest !== undefined && !DIGEST.test(digest)) {
    throw invalid('The digest of the image must be sha256: and 64 lower-case hex digits.');
  }
  return { domain, path, digest, tag: tag ?? (digest === undefined ? 'latest' : undefined) };
}

/** The full form, equal for all spellings of one image: `docker.io/library/alpine:latest`. */
export function canonicalImage(reference: ImageReference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${imageRepository(reference)}${tag}${digest}`;
}

/** Domain and path without tag and digest: `docker.io/library/alpine`. */
export function imageRepository(reference: ImageReference): string {
  return `${reference.domain}/${reference.path}`;
}

function splitReference(text: string) {
  const at = text.indexOf('@');
  const digest = at === -1 ? undefined : text.slice(at + 1);
  const rest = at === -1 ? text : text.slice(0, at);
  const colon = rest.lastIndexOf(':');
  const hasTag = colon > rest.lastIndexOf('/');
  return {
    name: hasTag ? rest.slice(0, colon) : rest,
    tag: hasTag ? rest.slice(colon + 1) : undefined,
    digest,
  };
}

/** As the Docker CLI does: the first part is a host only when it looks like one. */
function splitName(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  if (!isHost) return dockerHub(name);
  const path = name.slice(slash + 1);
  return first === DEFAULT_REGISTRY || first === 'index.docker.io'
    ? dockerHub(path)
    : { domain: first, path };
}

function dockerHub(path: string) {
  return { domain: DEFAULT_REGISTRY, path: path.includes('/') ? path : `library/${path}` };
}

function invalid(message: string): InvalidImageReferenceError {
  return new InvalidImageReferenceError(message);
}

function tooLong(): InvalidImageReferenceError {
  return invalid(`The name of the image is longer than ${MAX_NAME_LENGTH} characters.`);
}
