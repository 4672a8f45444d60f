import { beforeAll, describe, expect, test } from 'vitest';
import { UnreadableSecretError } from './seal.ts';
import { sealSecret } from './seal-secret.ts';
import { openValues, type SealedValues, sealValues } from './secret-env.ts';
import { type KeyPair, newKeyPair } from './secret-keys.ts';

const VALUES = { TOKEN: 'hunter2', KEY: 'first line\nsecond line\n', EMPTY: '' };

let api: KeyPair;
let worker: KeyPair;
let other: KeyPair;
beforeAll(async () => {
  const made = await Promise.all((['sign', 'seal', 'seal'] as const).map(newKeyPair));
  [api, worker, other] = made.map(({ pair }) => pair) as [KeyPair, KeyPair, KeyPair];
});

const seal = (job = 'j_1', values: Readonly<Record<string, string>> = VALUES) =>
  sealValues(job, values, { signing: api, recipients: [worker] });
const open = (sealed: SealedValues, job = 'j_1', keys = [worker], signers = [api]) =>
  openValues(job, sealed, { opening: keys, signers });

describe('the secret variables of a job', () => {
  test('open to what they were, as JSON too', async () => {
    const stored = JSON.parse(JSON.stringify(await seal())) as SealedValues;
    expect(await open(stored)).toEqual(VALUES);
  });

  test('show nothing but their names', async () => {
    const text = JSON.stringify(await seal());
    for (const encoding of ['utf8', 'base64', 'hex'] as const) {
      expect(text).not.toContain(Buffer.from('hunter2').toString(encoding).slice(0, 9));
    }
    expect(Object.keys(await seal())).toEqual(Object.keys(VALUES));
  });

  test('open for no other job', async () => {
    await expect(open(await seal(), 'j_2')).rejects.toThrow(UnreadableSecretError);
  });

  test('open under no other name', async () => {
    const { TOKEN, KEY } = await seal();
    await expect(open({ TOKEN: KEY, KEY: TOKEN } as SealedValues)).rejects.toThrow(
      UnreadableSecretError,
    );
  });

  test('open with no other key, and when no other API has signed them', async () => {
    await expect(open(await seal(), 'j_1', [other])).rejects.toThrow('not sealed to any key');
    await expect(open(await seal(), 'j_1', [worker], [other])).rejects.toThrow('has signed it');
  });

  test('are not what the secret of an image is, whatever it is called', async () => {
    const context = { image: 'j_1', version: 'TOKEN', createdAt: 1 };
    const keys = { signing: api, recipients: [worker] };
    const { body, signature, dataKeys } = await sealSecret(Buffer.from('x'), context, keys);
    const boxes = Object.entries(dataKeys).map(([id, box]) => [id, box.toString('base64')]);
    const value = {
      body: body.toString('base64'),
      signature: signature.toString('base64'),
      dataKeys: Object.fromEntries(boxes),
    };
    await expect(open({ TOKEN: value })).rejects.toThrow(UnreadableSecretError);
  });
});
