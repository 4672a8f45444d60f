import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseImageReference } from '../image-reference.ts';
import { keys } from '../keys.ts';
import { UnreadableSecretError } from './seal.ts';
import { openSecret, sealSecret } from './seal-secret.ts';
import { secretImage } from './secret-image.ts';
import { newKeyPair } from './secret-keys.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const imageOf = (text: string) => secretImage(parseImageReference(text));
/** Where the secret of this image is kept. */
const placeOf = (text: string) => keys.secret(imageOf(text) ?? 'none');

/** Out of few characters, all of which separate something: different references look alike. */
const word = fc.stringMatching(/^[ab]{1,2}$/);
const path = fc
  .tuple(
    word,
    fc.array(fc.tuple(fc.constantFrom('/', '-', '.', '_', '--'), word), { maxLength: 3 }),
  )
  .map(([first, rest]) => first + rest.flat().join(''));
const reference = fc.record({
  domain: fc.constantFrom('docker.io', 'a.b', 'a.b:1', 'localhost', 'localhost:1', '[::1]:1'),
  path: path.map((text) => (text.includes('/') ? text : `library/${text}`)),
  tag: fc.oneof(word, fc.constantFrom('latest', '1', 'a-b', 'a.b', 'a_b')),
});
const written = reference.map(({ domain, path, tag }) => `${domain}/${path}:${tag}`);

describe('the image of a secret', () => {
  test.each([
    ['acme/deploy-job', 'docker.io/acme/deploy-job:latest'],
    ['docker.io/acme/deploy-job:latest', 'docker.io/acme/deploy-job:latest'],
    [`acme/deploy-job:1@${DIGEST}`, 'docker.io/acme/deploy-job:1'],
    ['alpine', 'docker.io/library/alpine:latest'],
    ['ghcr.io/acme/tool:2', 'ghcr.io/acme/tool:2'],
  ])('%s is %s', (text, image) => {
    expect(imageOf(text)).toBe(image);
  });

  test('is none for a digest without a tag', () => {
    expect(imageOf(`acme/deploy-job@${DIGEST}`)).toBeNull();
  });

  test('tells apart what became one name once', () => {
    const alike = [
      'acme/deploy-job:latest',
      'acme-deploy/job:latest',
      'acme/deploy:job-latest',
      'acme/deploy/job:latest',
      'acme.deploy/job:latest',
      'localhost/acme/deploy-job:latest',
    ];
    expect(new Set(alike.map(placeOf)).size).toBe(alike.length);
  });

  test('is one for two references exactly when they are the same', () => {
    // The same words with other separators: what looks alike to who leaves these out.
    const separators = fc.tuple(...[1, 2, 3].map(() => fc.constantFrom('/', '-', '.', ':')));
    const alike = fc.tuple(fc.tuple(word, word, word, word), separators, separators);
    const join = (words: readonly string[], between: readonly string[]) =>
      `a.b/${words.map((text, index) => text + (between[index] ?? '')).join('')}`;
    const isReference = (text: string) =>
      (text.match(/:/g) ?? []).length < 2 && !/:.*\//.test(text);
    fc.assert(
      fc.property(alike, ([words, some, others]) => {
        const [one, other] = [join(words, some), join(words, others)];
        fc.pre(isReference(one) && isReference(other));
        expect(placeOf(one) === placeOf(other)).toBe(one === other);
      }),
      { numRuns: 2_000 },
    );
  });

  test('opens its own secret, and that of no other image', async () => {
    const [signing, opening] = [(await newKeyPair('sign')).pair, (await newKeyPair('seal')).pair];
    const workerKeys = { opening: [opening], signers: [signing] };
    await fc.assert(
      fc.asyncProperty(written, written, async (one, other) => {
        const image = imageOf(one) ?? '';
        const context = { image, version: 'v', createdAt: 1 };
        const keys = { signing, recipients: [opening] };
        const sealed = await sealSecret(Buffer.from('s3cret'), context, keys);
        const opened = openSecret(sealed, imageOf(other) ?? '', workerKeys);
        if (imageOf(other) === image) expect(String(await opened)).toBe('s3cret');
        else await expect(opened).rejects.toThrow(UnreadableSecretError);
      }),
    );
  });
});
