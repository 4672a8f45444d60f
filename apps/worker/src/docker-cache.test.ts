import { createHash } from 'node:crypto';
import { canonicalImage, parseImageReference } from '@conjob/shared';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dockerCache, isNamed } from './docker-cache.ts';
import { LABELS } from './engine/labels.ts';

const canonical = (image: string) => canonicalImage(parseImageReference(image));
const volumeOf = (image: string) => dockerCache(image, 'one');

/** Words and separators of few kinds, so that different references look alike. */
const word = fc.constantFrom('a', 'b', 'acme', 'deploy', 'job', 'latest');
const words = (separator: string) =>
  fc.array(word, { minLength: 1, maxLength: 3 }).map((list) => list.join(separator));
const path = fc
  .array(words('-'), { minLength: 1, maxLength: 3 })
  .map((components) => components.join('/'));
const host = fc.constantFrom('', 'acme:5000/', 'a.b/', 'localhost/');
const tag = fc.option(
  words('-').map((text) => `:${text}`),
  { nil: '' },
);
const digest = fc.constantFrom('', `@sha256:${'a'.repeat(64)}`, `@sha256:${'b'.repeat(64)}`);
const reference = fc.tuple(host, path, tag, digest).map((parts) => parts.join(''));

describe('the cache volume of an image', () => {
  test('is shared by no two images, whatever their references look like', () => {
    fc.assert(
      fc.property(reference, reference, (one, other) => {
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
      fc.property(reference, (image) => {
        expect(volumeOf(image).name).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/);
      }),
    );
    const longest = `[::1]:5000/${'a/'.repeat(110)}b:${'t'.repeat(128)}@sha256:${'0'.repeat(64)}`;
    expect(volumeOf(longest).name).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/);
  });
});

describe('a volume', () => {
  test.each([
    ['conjob-docker-cache-a-b-1-0123abcd', true],
    ['conjob-docker-cache-a-b-1', true],
    ['conjob-docker-cache-a-b-1-2-0123abcd', false],
    ['conjob-docker-cache-a-b-1-0123ABCD', false],
    ['conjob-docker-cache-a-b-10123abcd', false],
  ])('%s goes by the name without the hash: %s', (volume, expected) => {
    expect(isNamed(volume, 'conjob-docker-cache-a-b-1')).toBe(expected);
  });
});
