import { beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from './engine/engine.ts';
import { FakeEngine } from './engine/fake/fake-engine.ts';
import { obtainImage } from './obtain-image.ts';
import { intercept } from './testing/override.ts';

const IMAGE = 'docker.io/library/shell:latest';
let fake: FakeEngine;
let engine: Engine;
let pulls: number;

beforeEach(() => {
  fake = new FakeEngine();
  pulls = 0;
  engine = intercept(fake, (method) => {
    if (method === 'pull') pulls += 1;
  });
});

const obtain = (wish: object = {}, signal = new AbortController().signal) =>
  obtainImage(
    engine,
    { image: 'shell', pull: 'always', platform: undefined, pullTimeoutSeconds: 60, ...wish },
    signal,
  );

describe('an image', () => {
  test.each([
    ['always', true, 1],
    ['always', false, 1],
    ['absent', true, 0],
    ['absent', false, 1],
    ['never', true, 0],
  ])('by policy %s, local: %s, takes %i pulls', async (pull, isLocal, expected) => {
    if (isLocal) fake.images.add(IMAGE);
    fake.images.publish(IMAGE);
    const { id, digest } = await obtain({ pull });
    expect([id, digest]).toEqual([
      expect.stringMatching(/^sha256:/),
      expect.stringMatching(/^sha/),
    ]);
    expect(pulls).toBe(expected);
  });

  test('by policy never is not fetched', async () => {
    fake.images.publish(IMAGE);
    await expect(obtain({ pull: 'never' })).rejects.toMatchObject({ code: 'image.not_local' });
  });

  test.each([
    ['linux/arm64', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    [undefined, 'linux/riscv64'],
  ])('asked for %s suits when it is for %s', async (platform, of) => {
    fake.images.add(IMAGE, { platform: of });
    await obtain({ pull: 'absent', platform });
    expect(pulls).toBe(0);
  });

  test('for another platform is fetched anew, and refused when that does not help', async () => {
    fake.images.add(IMAGE, { platform: 'linux/amd64' });
    fake.images.publish(IMAGE, { platform: 'linux/arm64' });
    await obtain({ pull: 'absent', platform: 'linux/arm64' });
    const wrong = { code: 'image.wrong_platform' };
    await expect(obtain({ platform: 'linux/s390x' })).rejects.toMatchObject(wrong);
    await expect(obtain({ pull: 'never', platform: 'linux/s390x' })).rejects.toMatchObject(wrong);
  });

  test('that does not come in time is given up', async () => {
    fake.images.publish(IMAGE, 'mute');
    await expect(obtain({ pullTimeoutSeconds: 0.01 })).rejects.toMatchObject({
      code: 'pull.timed_out',
    });
  });

  test('is no longer waited for when the job is stopped, whose reason comes first', async () => {
    fake.images.publish(IMAGE, 'mute');
    const stop = new AbortController();
    const obtained = obtain({}, stop.signal);
    stop.abort(new Error('cancelled'));
    await expect(obtained).rejects.toThrow('cancelled');
  });
});
