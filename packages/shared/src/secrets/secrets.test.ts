import { beforeAll, describe, expect, test } from 'vitest';
import { keys } from '../keys.ts';
import { useLedger } from '../testing/use-ledger.ts';
import { openSecret, resealSecret, sealSecret } from './seal-secret.ts';
import { type ApiKeys, newKeyPair, type WorkerKeys } from './secret-keys.ts';
import { Secrets } from './secrets.ts';

const ledger = useLedger();
const IMAGE = 'docker.io/acme/deploy:latest';
const OTHER = '[::1]:5000/acme/deploy:latest';

let api: ApiKeys;
let worker: WorkerKeys;
let secrets: Secrets;
beforeAll(async () => {
  const [signing, opening] = [(await newKeyPair('sign')).pair, (await newKeyPair('seal')).pair];
  api = { signing, recipients: [opening] };
  worker = { opening: [opening], signers: [signing] };
  secrets = new Secrets(ledger.redis);
});

const sealed = (content: string, image = IMAGE, createdAt = 1) =>
  sealSecret(Buffer.from(content), { image, version: content, createdAt }, api);
const contentOf = async (image = IMAGE) => {
  const found = await secrets.find(image);
  return found && String(await openSecret(found, image, worker));
};

describe('secrets in Redis', () => {
  test('come back as they were stored, each for its own image', async () => {
    await secrets.put(IMAGE, await sealed('one'));
    await secrets.put(OTHER, await sealed('other', OTHER));
    expect([await contentOf(), await contentOf(OTHER)]).toEqual(['one', 'other']);
    expect(await secrets.find('docker.io/acme/deploy:1')).toBeNull();
  });

  test('tell since when they are set, and nothing else, without a key', async () => {
    expect(await secrets.status(IMAGE)).toBeNull();
    await secrets.put(IMAGE, await sealed('one', IMAGE, 17));
    expect(await secrets.status(IMAGE)).toEqual({ createdAt: 17 });
  });

  test('are replaced as a whole, and removed once', async () => {
    await secrets.put(IMAGE, await sealed('one'));
    await secrets.put(IMAGE, await sealed('two'));
    expect(await contentOf()).toBe('two');
    expect([await secrets.remove(IMAGE), await secrets.remove(IMAGE)]).toEqual([true, false]);
    expect(await secrets.find(IMAGE)).toBeNull();
  });

  test('do not expire', async () => {
    await secrets.put(IMAGE, await sealed('one'));
    expect(await ledger.redis.ttl(keys.secret(IMAGE))).toBe(-1);
  });

  test('are listed by their images', async () => {
    await secrets.put(IMAGE, await sealed('one'));
    await secrets.put(OTHER, await sealed('other', OTHER));
    await ledger.redis.set(keys.installation, 'something else');
    const found = new Set<string>();
    for await (const image of secrets.images()) found.add(image);
    expect(found).toEqual(new Set([IMAGE, OTHER]));
  });

  test('that are not whole are there, and can not be read', async () => {
    await secrets.put(IMAGE, await sealed('one'));
    for (const field of ['context', 'body', 'signature', 'dataKeys']) {
      await secrets.put(IMAGE, await sealed('one'));
      await ledger.redis.hdel(keys.secret(IMAGE), field);
      await expect(contentOf()).rejects.toThrow();
      await ledger.redis.hset(keys.secret(IMAGE), field, '{"x":1}');
      await expect(contentOf()).rejects.toThrow();
    }
  });

  test('are resealed only while they are what they were', async () => {
    const { pair } = await newKeyPair('seal');
    const before = await sealed('one');
    await secrets.put(IMAGE, before);
    const resealed = await resealSecret(before, IMAGE, worker, [pair]);
    expect(await secrets.reseal(IMAGE, resealed)).toBe(true);
    expect(Object.keys((await secrets.find(IMAGE))?.dataKeys ?? {})).toEqual([pair.id]);
    await secrets.put(IMAGE, await sealed('two'));
    expect(await secrets.reseal(IMAGE, resealed)).toBe(false);
    expect(await contentOf()).toBe('two');
    await secrets.remove(IMAGE);
    expect(await secrets.reseal(IMAGE, resealed)).toBe(false);
    expect(await secrets.find(IMAGE)).toBeNull();
  });
});
