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
