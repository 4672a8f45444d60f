import { createHash } from 'node:crypto';
import { canonicalImage, parseImageReference } from '@conjob/shared';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dockerCache, isNamed } from './docker-cache.ts';
import { LABELS } from './engine/labels.ts';

const canonical = (image: string) => canonicalImage(parseImageReference(image));
const volumeOf = (image: string) => dockerCache(image, 'one');

/** Two references of the same words that differ only in what stands between them. */
const lookAlikes = fc
  .array(fc.constantFrom('a', 'acme', 'deploy', 'job', 'latest'), { minLength: 2, maxLength: 6 })
  .chain((words) => fc.tuple(joined(words), joined(words)))
  .filter(([one, other]) => isReference(one) && isReference(other));

function joined(words: readonly string[]) {
  const separator = fc.constantFrom('-', '-', '/', ':', '.');
  const between = { minLength: words.length, maxLength: words.length };
  return fc
    .array(separator, between)
    .map((separators) => words.map((word, index) => (index > 0 ? separators[index] : '') + word))
    .map((parts) => parts.join(''));
}

function isReference(text: string): boolean {
  try {
    parseImageReference(text);
    return true;
  } catch {
    return false;
  }
}

describe('the cache volume of an image', () => {
  test('is shared by no two images, whatever their references look like', () => {
    fc.assert(
      fc.property(lookAlikes, ([one, other]) => {
        fc.pre(canonical(one) !== canonical(other));
        expect(volumeOf(one).name).not.toBe(volumeOf(other).name);
        expect(volumeOf(one).labels).not.toEqual(volumeOf(other).labels);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['acme/deploy-job:latest', 'acme-deploy/job:latest'],
    ['acme/deploy-job:latest', 'acme/deploy:job-latest'],
    ['a/b-c:x', 'a-b/c:x'],
    ['a/b:c', 'a/b-c'],
    ['a:1', 'a:2'],
    ['example.com/a', 'example.com:5000/a'],
    [`a/${'b'.repeat(230)}c`, `a/${'b'.repeat(230)}d`],
  ])('of %s is not the one of %s', (one, other) => {
    expect(volumeOf(one).name).not.toBe(volumeOf(other).name);
  });

  test('can be told from the reference: what is no letter or digit a dash, and eight digits', () => {
    const image = 'acme.io:5000/deploy/job:1.2';
    const hash = createHash('sha256').update(image).digest('hex');
    expect(volumeOf(image)).toEqual({
      name: `conjob-docker-cache-acme.io-5000-deploy-job-1.2-${hash.slice(0, 8)}`,
      target: '/var/lib/docker',
      labels: { [LABELS.installation]: 'one', [LABELS.cacheOf]: image },
    });
  });

  test('has a name that the engine takes', () => {
    fc.assert(
      fc.property(lookAlikes, ([image]) => {
        expect(volumeOf(image).name).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/);
      }),
    );
    const longest = `[::1]:5000/${'a/'.repeat(110)}b:${'t'.repeat(128)}@sha256:${'0'.repeat(64)}`;
    expect(volumeOf(longest).name).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/);
  });
});

/** All ways to write one image, and the name of its volume. */
const SPELLINGS = [
  {
    images: [
      'alpine',
      'alpine:latest',
      'library/alpine',
      'docker.io/alpine',
      'index.docker.io/library/alpine:latest',
    ],
    readable: 'library-alpine-latest',
  },
  {
    images: [
      'acme/tool',
      'acme/tool:latest',
      'docker.io/acme/tool',
      'index.docker.io/acme/tool:latest',
    ],
    readable: 'acme-tool-latest',
  },
  { images: ['acme/tool:1', 'docker.io/acme/tool:1'], readable: 'acme-tool-1' },
  {
    images: ['ghcr.io/acme/tool', 'ghcr.io/acme/tool:latest'],
    readable: 'ghcr.io-acme-tool-latest',
  },
];
const plain = (text: string) => text.replace(/[/:]/g, '-');

describe.each(SPELLINGS)('the image $images.0, however it is written,', ({ images, readable }) => {
  const volume = volumeOf(images[0] ?? '');
  const hash = volume.name.slice(-8);

  test('has one volume', () => {
    expect(new Set(images.map((image) => volumeOf(image).name)).size).toBe(1);
    expect(volume.name).toBe(`conjob-docker-cache-${readable}-${hash}`);
  });

  test.each(images)('goes by the name of %s, with and without its hash', (image) => {
    const short = `conjob-docker-cache-${plain(image)}`;
    expect([isNamed(volume, short), isNamed(volume, `${short}-${hash}`)]).toEqual([true, true]);
    expect(isNamed(volume, `${short}-00000000`)).toBe(false);
    expect(isNamed(volume, `${short}-${hash}0`)).toBe(false);
    expect(isNamed(volume, `${short}x`)).toBe(false);
  });
});

describe('a volume', () => {
  test('does not go by the name of another image', () => {
    expect(isNamed(volumeOf('a/b:1-2'), 'conjob-docker-cache-a-b-1')).toBe(false);
    expect(isNamed(volumeOf('ghcr.io/a/b'), 'conjob-docker-cache-a-b')).toBe(false);
    expect(isNamed(volumeOf('a/b:1'), 'conjob-docker-cache-a-b')).toBe(false);
    const digest = `a/b@sha256:${'0'.repeat(64)}`;
    expect(isNamed(volumeOf(digest), 'conjob-docker-cache-a-b')).toBe(false);
  });

  test('that is no cache goes by its own name only', () => {
    const other = { name: 'conjob-secret-1', labels: { [LABELS.installation]: 'one' } };
    expect([isNamed(other, 'conjob-secret-1'), isNamed(other, 'conjob-secret')]).toEqual([
      true,
      false,
    ]);
  });
});
