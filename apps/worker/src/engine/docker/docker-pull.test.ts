import type { PullProgress } from '@conjob/shared';
import {
  importTinyImage,
  pushImage,
  startTestRegistry,
  TEST_IMAGES,
  type TestRegistry,
} from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { obtainImage } from '../../obtain-image.ts';
import { sharedEngine, sharedEngineAccess } from '../../testing/services.ts';
import { testContainer } from '../../testing/specs.ts';

const engine = sharedEngine();
const access = sharedEngineAccess();
const signal = new AbortController().signal;
const pull = (reference: string, platform?: string) => engine.pull(reference, { platform, signal });

let open: TestRegistry;
let locked: TestRegistry;
let image: { readonly reference: string; readonly digestReference: string };
let secret: { readonly reference: string };

beforeAll(async () => {
  const login = { username: 'someone', password: 'something' };
  [open, locked] = await Promise.all([
    startTestRegistry(access),
    startTestRegistry(access, { login }),
  ]);
  image = await pushImage(access, TEST_IMAGES.busybox.tag, open, 'team/tool:1');
  secret = await pushImage(access, TEST_IMAGES.busybox.tag, locked, 'team/secret:1');
});

afterAll(async () => {
  await engine.removeImage(image.reference);
  await engine.removeImage(image.digestReference);
  await Promise.all([open.stop(), locked.stop()]);
});

describe('a pull from a registry', () => {
  test('brings the image, by tag and by digest', async () => {
    for (const reference of [image.reference, image.digestReference]) {
      await pull(reference);
      const found = await engine.findImage(reference);
      expect(found?.repoDigests).toContain(image.digestReference);
      expect(found?.platform).toMatch(/^linux\//);
    }
  });

  test('tells the digest that was pulled, and its id runs', async () => {
    const wish = { image: image.reference, pull: 'always' as const, platform: undefined };
    const obtained = await obtainImage(engine, { ...wish, pullTimeoutSeconds: 60 }, signal);
    expect(image.digestReference).toContain(obtained.digest);
    await engine.remove(await engine.create(testContainer(obtained.id, ['true'])));
  });

  test('tells of each layer, until all are there', async () => {
    const tag = 'conjob-test/progress:1';
    await importTinyImage(access.socketPath, [tag], 1024 * 1024);
    const { reference, digestReference } = await pushImage(access, tag, open, 'team/progress:1');
    // Else the engine has its layers, and says nothing of them.
    for (const name of [digestReference, tag]) await engine.removeImage(name);
    const told: PullProgress[] = [];
    const onProgress = (progress: PullProgress) => void told.push(progress);
    await engine.pull(reference, { platform: undefined, signal, onProgress });
    for (const name of [reference, digestReference]) await engine.removeImage(name);
    const last = told.at(-1);
    expect(last?.layers).toBeGreaterThan(0);
    expect(last?.layersDone).toBe(last?.layers);
    expect(last?.bytes).toBe(last?.totalBytes);
  });

  test('of a tag that is not there was not found', async () => {
    const absent = image.reference.replace(/1$/, 'absent');
    await expect(pull(absent)).rejects.toMatchObject({ code: 'image.not_found' });
  });

  test('of a repository that is not there was not found', async () => {
    await expect(pull(`${open.host}/no/such:1`)).rejects.toMatchObject({ code: 'image.not_found' });
  });

  test('of a digest that is not there was not found', async () => {
    const wrong = `${image.digestReference.split('@')[0]}@sha256:${'0'.repeat(64)}`;
    await expect(pull(wrong)).rejects.toMatchObject({ code: 'image.not_found' });
  });

  test('that wants a login was refused', async () => {
    await expect(pull(secret.reference)).rejects.toMatchObject({ code: 'image.unauthorized' });
  });

  test('at a port where nobody listens can’t reach it', async () => {
    await expect(pull('127.0.0.1:1/team/tool:1')).rejects.toMatchObject({
      code: 'registry.unreachable',
    });
  });

  test('of a reference that is none is invalid', async () => {
    await expect(pull('127.0.0.1:1/UPPER:1')).rejects.toMatchObject({ code: 'image.invalid' });
  });
});
