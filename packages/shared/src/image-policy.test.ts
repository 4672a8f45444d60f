import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { imagePatterns, imageRefusal } from './image-policy.ts';

const isAllowed = (image: string, patterns: string) =>
  imageRefusal(image, { allow: imagePatterns.parse(patterns) }) === null;
const DIGEST = `sha256:${'0'.repeat(64)}`;

describe('an allow list of images', () => {
  test.each([
    ['ghcr.io/acme/*', 'ghcr.io/acme/tool:1'],
    ['ghcr.io/acme/*', 'ghcr.io/acme/team/tool'],
    ['ghcr.io/acme/*', 'GHCR.io/acme/tool'],
    ['alpine', 'alpine'],
    ['alpine', 'docker.io/library/alpine:3'],
    ['docker.io/library/alpine', 'alpine'],
    ['index.docker.io/alpine', `alpine@${DIGEST}`],
    ['acme/*', 'docker.io/acme/x'],
    ['docker.io/*', 'acme/x'],
    ['*.example.com/tools/*', 'eu.example.com/tools/a'],
    ['localhost:5000/*', 'localhost:5000/a/b'],
    ['[::1]:5000/*', '[::1]:5000/a'],
    ['busybox, ghcr.io/a*z', 'ghcr.io/abcz'],
    ['*/a', 'ghcr.io/a'],
  ])('%s takes %s', (patterns, image) => {
    expect(isAllowed(image, patterns)).toBe(true);
  });

  test.each([
    ['ghcr.io/acme/*', 'ghcr.io/acme-evil/tool'],
    ['ghcr.io/acme/*', 'ghcr.io/acme'],
    ['ghcr.io/acme/*', 'evil.io/ghcr.io/acme/tool'],
    ['ghcr.io/acme/*', 'ghcr.io:444/acme/tool'],
    ['ghcr.io/acme/*', 'ghcr.io.evil.io/acme/tool'],
    ['*.example.com/tools/*', 'evil.io/eu.example.com/tools/a'],
    ['alpine', 'alpine/git'],
    ['alpine', 'ghcr.io/library/alpine'],
    ['ghcr.io/a*a', 'ghcr.io/a'],
    ['localhost:5000/*', 'localhost:5001/a'],
    ['docker.io/alpine', 'acme/alpine'],
  ])('%s does not take %s', (patterns, image) => {
    expect(isAllowed(image, patterns)).toBe(false);
  });

  test.each([
    '',
    'ghcr.io/',
    'ghcr.io/a:1',
    'a@b',
    'https://ghcr.io/a',
    'ghcr.io/A',
    'a,,b',
    'a b',
  ])('is refused as %j', (patterns) => {
    expect(imagePatterns.safeParse(patterns).success).toBe(false);
  });

  test('takes, for any repository, what names just that one', () => {
    const name = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    fc.assert(
      fc.property(name, name, name, (host, one, other) => {
        const image = `${host}.io/${one}/${other}`;
        expect(isAllowed(image, image)).toBe(true);
        expect(isAllowed(image, `${host}.io/${one}/*`)).toBe(true);
        expect(isAllowed(image, `x${host}.io/*`)).toBe(false);
        expect(isAllowed(`x.io/${image}`, `${host}.io/*`)).toBe(host === 'x');
      }),
    );
  });
});

test('digest-only takes nothing that a tag alone names', () => {
  expect(imageRefusal('alpine:3', { digestOnly: true })).toContain('digest');
  expect(imageRefusal(`alpine:3@${DIGEST}`, { digestOnly: true })).toBeNull();
  expect(imageRefusal(`alpine@${DIGEST}`, { digestOnly: true })).toBeNull();
});
