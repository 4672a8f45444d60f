import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { UnreadableSecretError } from './seal.ts';
import { openSecret, resealSecret, sealSecret } from './seal-secret.ts';
import { decodeContext, MAX_SECRET_BYTES, type SealedSecret } from './sealed-secret.ts';
import { type KeyPair, newKeyPair } from './secret-keys.ts';

const IMAGE = 'docker.io/acme/deploy:latest';
const context = { image: IMAGE, version: 'one', createdAt: 1_700_000_000_000 };
const CONTENT = Buffer.from('user=ci\npassword=hunter2\n');

let api: KeyPair;
let otherApi: KeyPair;
let worker: KeyPair;
let otherWorker: KeyPair;
beforeAll(async () => {
  const made = await Promise.all((['sign', 'sign', 'seal', 'seal'] as const).map(newKeyPair));
  [api, otherApi, worker, otherWorker] = made.map(({ pair }) => pair) as [
    KeyPair,
    KeyPair,
    KeyPair,
    KeyPair,
  ];
});

const seal = (content = CONTENT, more = {}) =>
  sealSecret(content, { ...context, ...more }, { signing: api, recipients: [worker] });
const open = (sealed: SealedSecret, opening = [worker], signers = [api], image = IMAGE) =>
  openSecret(sealed, image, { opening, signers });

/** Everything that a record holds, as one text to look into. */
const shown = ({ context: text, body, signature, dataKeys }: SealedSecret) =>
  Buffer.concat([Buffer.from(text), body, signature, ...Object.values(dataKeys)]);

describe('a sealed secret', () => {
  test('opens to its bytes, whatever they are', async () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 5_000 });
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        const sealed = await seal(Buffer.from(content));
        expect((await open(sealed)).equals(content)).toBe(true);
      }),
      { numRuns: 50 },
    );
    const largest = randomBytes(MAX_SECRET_BYTES);
    expect((await open(await seal(largest))).equals(largest)).toBe(true);
  });

  test('shows nothing of its content, and never looks the same twice', async () => {
    const [one, same] = [await seal(), await seal()];
    for (const part of ['hunter2', Buffer.from('hunter2').toString('base64').slice(0, 8)]) {
      expect(shown(one).includes(part)).toBe(false);
    }
    expect(one.body.equals(same.body)).toBe(false);
    expect(one.dataKeys[worker.id]?.equals(same.dataKeys[worker.id] as Buffer)).toBe(false);
  });

  test('tells without a key to which image it belongs, and since when', async () => {
    expect(decodeContext((await seal()).context)).toEqual(context);
  });

  test('opens for each of its workers, and for no other', async () => {
    const both = { signing: api, recipients: [worker, otherWorker] };
    const sealed = await sealSecret(CONTENT, context, both);
    for (const key of [worker, otherWorker]) expect(await open(sealed, [key])).toEqual(CONTENT);
    const forOne = await seal();
    await expect(open(forOne, [otherWorker])).rejects.toThrow('not sealed to any key');
    // Nor by a key that only says to be the right one.
    const impostor = { ...otherWorker, id: worker.id };
    await expect(open(forOne, [impostor])).rejects.toThrow('not sealed to any key');
  });

  test('opens while one of the keys of a worker fits, whatever is in front of it', async () => {
    expect(await open(await seal(), [otherWorker, worker])).toEqual(CONTENT);
  });

  test('is not believed when another API has signed it', async () => {
    const keys = { signing: otherApi, recipients: [worker] };
    const forged = await sealSecret(CONTENT, context, keys);
    await expect(open(forged)).rejects.toThrow('no API that this worker trusts');
    expect(await open(forged, [worker], [api, otherApi])).toEqual(CONTENT);
  });

  test('does not open when any bit of it was changed', async () => {
    const sealed = await seal(Buffer.from('tiny'));
    const parts = ['context', 'body', 'signature', 'dataKey'] as const;
    const bytesOf = (part: (typeof parts)[number]) =>
      part === 'dataKey' ? (sealed.dataKeys[worker.id] as Buffer) : Buffer.from(sealed[part]);
    for (const part of parts) {
      for (let bit = 0; bit < bytesOf(part).length * 8; bit += 1) {
        const changed = Buffer.from(bytesOf(part));
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        const value = part === 'context' ? changed.toString('latin1') : changed;
        const broken =
          part === 'dataKey'
            ? { ...sealed, dataKeys: { [worker.id]: changed } }
            : { ...sealed, [part]: value };
        await expect(open(broken), `${part} ${bit}`).rejects.toThrow(UnreadableSecretError);
      }
    }
  });

  test('does not take over parts of another one, of the same image even', async () => {
    const [one, other] = [await seal(), await seal(Buffer.from('other'), { version: 'two' })];
    for (const part of ['context', 'body', 'signature', 'dataKeys'] as const) {
      await expect(open({ ...one, [part]: other[part] })).rejects.toThrow(UnreadableSecretError);
    }
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['less than a nonce', Buffer.alloc(5)],
    ['a nonce and a tag', Buffer.alloc(28)],
  ])('is unreadable with %s for a body, signed or not', async (_what, body) => {
    await expect(open({ ...(await seal()), body })).rejects.toThrow(UnreadableSecretError);
    const empty = { context: '', body, signature: body, dataKeys: {} };
    await expect(open(empty)).rejects.toThrow(UnreadableSecretError);
  });
});

describe('a resealed secret', () => {
  test('opens for its new workers only, and is still what the API signed', async () => {
    const keys = { opening: [worker], signers: [api] };
    const sealed = await resealSecret(await seal(), IMAGE, keys, [otherWorker]);
    expect(await open(sealed, [otherWorker])).toEqual(CONTENT);
    await expect(open(sealed, [worker])).rejects.toThrow('not sealed to any key');
  });

  test('comes of no secret that can not be believed', async () => {
    const keys = { opening: [worker], signers: [otherApi] };
    const resealed = resealSecret(await seal(), IMAGE, keys, [otherWorker]);
    await expect(resealed).rejects.toThrow(UnreadableSecretError);
  });

  test('comes of no secret with the data key of another one, which anybody could seal', async () => {
    const { dataKeys } = await seal(Buffer.from('other'), { version: 'two' });
    const keys = { opening: [worker], signers: [api] };
    const resealed = resealSecret({ ...(await seal()), dataKeys }, IMAGE, keys, [otherWorker]);
    await expect(resealed).rejects.toThrow(UnreadableSecretError);
  });
});
