import { describe, expect, test } from 'vitest';
import {
  canonicalImage,
  type ImageReference,
  InvalidImageReferenceError,
  imageRepository,
  parseImageReference,
} from './image-reference.ts';
import { type Random, SEEDS, seededRandom } from './testing/random.ts';

const HEX = 'a'.repeat(64);
const DIGEST = `sha256:${HEX}`;
const LOWER = 'abcdefghijklmnopqrstuvwxyz0123456789';

const canonical = (text: string) => canonicalImage(parseImageReference(text));

describe('an image reference', () => {
  test.each([
    // Docker Hub
    ['alpine', 'docker.io/library/alpine:latest'],
    ['alpine:3.20', 'docker.io/library/alpine:3.20'],
    ['library/alpine', 'docker.io/library/alpine:latest'],
    ['docker.io/alpine', 'docker.io/library/alpine:latest'],
    ['docker.io/library/alpine:latest', 'docker.io/library/alpine:latest'],
    ['index.docker.io/alpine', 'docker.io/library/alpine:latest'],
    ['index.docker.io/acme/tool:1', 'docker.io/acme/tool:1'],
    ['acme/tool', 'docker.io/acme/tool:latest'],
    ['acme/group/tool', 'docker.io/acme/group/tool:latest'],
    ['docker.io/docker.io/tool', 'docker.io/docker.io/tool:latest'],
    ['localhost', 'docker.io/library/localhost:latest'],
    ['localhost:5000', 'docker.io/library/localhost:5000'],
    // hosts
    ['localhost/tool', 'localhost/tool:latest'],
    ['localhost:5000/tool', 'localhost:5000/tool:latest'],
    ['host:5000/tool:1', 'host:5000/tool:1'],
    ['ghcr.io/acme/tool:1.2', 'ghcr.io/acme/tool:1.2'],
    ['127.0.0.1:5000/a/b/c', '127.0.0.1:5000/a/b/c:latest'],
    ['[::1]/tool', '[::1]/tool:latest'],
    ['[2001:db8::1]:5000/acme/tool:1', '[2001:db8::1]:5000/acme/tool:1'],
    ['Host/tool', 'Host/tool:latest'],
    ['xn--n3h.example/tool', 'xn--n3h.example/tool:latest'],
    ['docker.io:443/tool', 'docker.io:443/tool:latest'],
    // paths
    ['a', 'docker.io/library/a:latest'],
    ['a.b_c__d-e---f', 'docker.io/library/a.b_c__d-e---f:latest'],
    [`${HEX}0`, `docker.io/library/${HEX}0:latest`],
    [`library/${HEX}`, `docker.io/library/${HEX}:latest`],
    // tags and digests
    ['alpine:_', 'docker.io/library/alpine:_'],
    ['alpine:LATEST', 'docker.io/library/alpine:LATEST'],
    ['alpine:1.2-b_3', 'docker.io/library/alpine:1.2-b_3'],
    [`alpine:${'t'.repeat(128)}`, `docker.io/library/alpine:${'t'.repeat(128)}`],
    [`alpine@${DIGEST}`, `docker.io/library/alpine@${DIGEST}`],
    [`alpine:3@${DIGEST}`, `docker.io/library/alpine:3@${DIGEST}`],
    [`[::1]:5000/tool@${DIGEST}`, `[::1]:5000/tool@${DIGEST}`],
  ])('%s means %s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
    expect(canonical(expected)).toBe(expected);
  });

  test.each([
    ['nothing', ''],
    ['a space', ' '],
    ['a space before it', ' alpine'],
    ['a line feed behind it', 'alpine\n'],
    ['a NUL', 'alpine\0'],
    ['upper case', 'Alpine'],
    ['upper case in the path', 'ghcr.io/Acme/tool'],
    ['a dash first', '-x'],
    ['a dash first in a part', 'acme/-x'],
    ['a dash last', 'x-'],
    ['a dot first', '.x'],
    ['two dots', 'a..b'],
    ['dots only', '..'],
    ['a way up', '../a'],
    ['three underscores', 'a___b'],
    ['mixed separators', 'a.-b'],
    ['an empty part', 'a//b'],
    ['a slash first', '/a'],
    ['a slash last', 'a/'],
    ['a host alone', 'ghcr.io/'],
    ['a scheme', 'https://ghcr.io/acme/tool'],
    ['a user', 'user@ghcr.io/acme/tool'],
    ['a tag alone', ':latest'],
    ['an empty tag', 'alpine:'],
    ['two tags', 'alpine:1:2'],
    ['a tag with a dot first', 'alpine:.1'],
    ['a tag with a dash first', 'alpine:-1'],
    ['a tag of 129 characters', `alpine:${'t'.repeat(129)}`],
    ['a digest alone', `@${DIGEST}`],
    ['an empty digest', 'alpine@'],
    ['a short digest', 'alpine@sha256:abc'],
    ['a long digest', `alpine@${DIGEST}a`],
    ['a digest in upper case', `alpine@${DIGEST.toUpperCase()}`],
    ['an unknown digest', `alpine@md5:${HEX}`],
    ['two digests', `alpine@${DIGEST}@${DIGEST}`],
    ['a tag behind the digest', `alpine@${DIGEST}:1`],
    ['a port that is no number', 'host:port/tool'],
    ['an empty port', 'host:/tool'],
    ['a host with a dash first', '-host.example/tool'],
    ['a host with an empty label', 'host..example/tool'],
    ['an open bracket', '[::1/tool'],
    ['a name in brackets', '[host]/tool'],
    ['an address without brackets', '::1/tool'],
    ['a host with an underscore', 'my_host.example/tool'],
    ['letters beyond ASCII', 'alpïne'],
    ['the id of an image', HEX],
    ['300 characters', 'a'.repeat(300)],
    ['300 characters in parts', Array.from({ length: 150 }, () => 'a').join('/')],
  ])('is refused with %s', (_what, text) => {
    expect(() => parseImageReference(text)).toThrow(InvalidImageReferenceError);
  });

  test('has a name of at most 255 characters, the registry and library/ among them', () => {
    const room = 255 - 'docker.io/library/'.length;
    expect(canonical('a'.repeat(room))).toHaveLength(255 + ':latest'.length);
    expect(() => parseImageReference('a'.repeat(room + 1))).toThrow('longer than 255');
    const longest = `${'a'.repeat(room)}:${'t'.repeat(128)}@${DIGEST}`;
    expect(canonical(canonical(longest))).toBe(canonical(longest));
  });

  test.each([
    ['', /^An image is required/],
    ['a'.repeat(64), /64 hex digits are an id/],
    ['-x.example/a', /registry host .* is not a host name/],
    ['Acme/Tool', /path takes lower-case letters.*for example ghcr\.io/],
    ['alpine:', /tag of the image takes 1 to 128/],
    ['alpine@sha256:abc', /must be sha256: and 64 lower-case hex digits/],
  ])('that is none is refused by what is wrong: %j', (text, why) => {
    const refused = () => parseImageReference(text);
    expect(refused).toThrow(why);
    expect(refused).toThrow(expect.objectContaining({ name: 'InvalidImageReferenceError' }));
  });

  test('tells its parts', () => {
    expect(parseImageReference(`ghcr.io/acme/tool:1@${DIGEST}`)).toEqual({
      domain: 'ghcr.io',
      path: 'acme/tool',
      tag: '1',
      digest: DIGEST,
    });
    expect(imageRepository(parseImageReference('alpine:3'))).toBe('docker.io/library/alpine');
    expect(parseImageReference(`alpine@${DIGEST}`).tag).toBeUndefined();
  });

  test.each([
    ['a', 600],
    ['a-', 600],
    ['-', 600],
    ['a.', 600],
    ['a/', 600],
    ['A-', 600],
    ['a_', 600],
    [':', 600],
    ['[:', 600],
    ['a', 1024 * 1024],
    ['a-', 1024 * 1024],
    ['@', 1024 * 1024],
  ])('of many %s (%i characters) is judged at once', (part, length) => {
    const long = part.repeat(length / part.length);
    for (const text of [
      long,
      `${long.slice(0, -1)}!`,
      `h.x/${long.slice(5)}!`,
      `h:${long.slice(2)}`,
    ]) {
      expect(() => parseImageReference(text)).toThrow(InvalidImageReferenceError);
    }
  });

  test.each(SEEDS)('throws nothing else, whatever the text is (seed %i)', (seed) => {
    const random = seededRandom(seed);
    for (let n = 0; n < 1000; n += 1) {
      const text = random.text('aab01AZ.._--//::@[]\0\n é\ud800', random.below(24));
      try {
        const full = canonical(text);
        expect(canonical(full), text).toBe(full);
      } catch (error) {
        expect(error, text).toBeInstanceOf(InvalidImageReferenceError);
      }
    }
  });

  test.each(SEEDS)(
    'has one canonical form in all spellings, and no other has it (seed %i)',
    (seed) => {
      const random = seededRandom(seed);
      const seen = new Map<string, string>();
      for (let n = 0; n < 500; n += 1) {
        const reference = randomReference(random);
        const identity = JSON.stringify(Object.values(reference));
        const full = canonicalImage(reference);
        expect(parseImageReference(full)).toEqual(reference);
        expect(canonical(spelling(reference, random))).toBe(full);
        expect(seen.get(full) ?? identity).toBe(identity);
        seen.set(full, identity);
      }
    },
  );
});

/** Out of few letters, so that different ones look alike. */
function randomReference(random: Random): ImageReference {
  const domain = random.pick([
    'docker.io',
    'docker.io',
    'a.b',
    'a.b:1',
    'localhost',
    '[::1]:1',
    'A',
  ]);
  const parts = Array.from({ length: 1 + random.below(3) }, () =>
    random.pick(['a', 'b', 'library', 'latest', 'a.b', 'localhost', random.text(LOWER, 2)]),
  );
  const path =
    domain === 'docker.io' && parts.length === 1 ? `library/${parts[0]}` : parts.join('/');
  const digest = random.pick([undefined, DIGEST]);
  const tag = random.pick(['latest', '1', 'a', digest && undefined]) ?? (digest ? undefined : '2');
  return { domain, path, tag, digest };
}

/** One of the ways to write it. */
function spelling({ domain, path, tag, digest }: ImageReference, random: Random): string {
  let name = `${domain}/${path}`;
  if (domain === 'docker.io') {
    const [first = '', ...rest] = path.split('/');
    const prefixes = ['docker.io/', 'index.docker.io/'];
    // Without a host the first part must not look like one.
    if (!/\.|^localhost$/.test(first)) prefixes.push('');
    name = random.pick(prefixes) + path;
    if (first === 'library' && rest.length === 1 && random.below(2) === 0) {
      name = random.pick([...prefixes.slice(0, 2), '']) + rest.join('/');
    }
  }
  const isDefault = tag === undefined || (tag === 'latest' && digest === undefined);
  const shownTag = isDefault && (tag === undefined || random.below(2)) ? '' : `:${tag}`;
  return `${name}${shownTag}${digest === undefined ? '' : `@${digest}`}`;
}
