import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import sodium from 'libsodium-wrappers';
import type { SealedSecret } from './sealed-secret.ts';
import type { ApiKeys, PublicKey, WorkerKeys } from './secret-keys.ts';

const CIPHER = 'aes-256-gcm';
const DATA_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A secret that can't be read, or must not be believed. The message is one clause, without a full stop. */
export class UnreadableSecretError extends Error {
  override readonly name = 'UnreadableSecretError';
}

/** What a worker looks for: a secret that says something else of itself is not opened. */
export interface Expected {
  readonly isMeant: (context: string) => boolean;
  /** Why one that is not meant is not opened, as one clause. */
  readonly otherwise: string;
}

/**
 * Seals a content so that only the recipients read it, and nobody but the signer can have written it.
 * `context`: what it is bound to, as one text that nothing else has.
 */
export async function seal(
  content: Buffer,
  context: string,
  { signing, recipients }: ApiKeys,
): Promise<SealedSecret> {
  await sodium.ready;
  const dataKey = randomBytes(DATA_KEY_BYTES);
  try {
    const body = encrypt(content, context, dataKey);
    const signature = sodium.crypto_sign_detached(signed(context, body), signing.privateKey);
    const dataKeys = sealDataKey(dataKey, recipients);
    return { context, body, signature: Buffer.from(signature), dataKeys };
  } finally {
    dataKey.fill(0);
  }
}

/** The content. Throws {@link UnreadableSecretError}. Whoever gets it overwrites it after use. */
export async function open(
  sealed: SealedSecret,
  expected: Expected,
  keys: WorkerKeys,
): Promise<Buffer> {
  const dataKey = await openDataKey(sealed, expected, keys);
  try {
    return decrypt(sealed, dataKey);
  } finally {
    dataKey.fill(0);
  }
}

/** The same, readable by these and by nobody else. Throws {@link UnreadableSecretError}. */
export async function reseal(
  sealed: SealedSecret,
  expected: Expected,
  keys: WorkerKeys,
  recipients: readonly PublicKey[],
): Promise<SealedSecret> {
  const dataKey = await openDataKey(sealed, expected, keys);
  try {
    // Or a wrong key would be sealed to all.
    decrypt(sealed, dataKey).fill(0);
    return { ...sealed, dataKeys: sealDataKey(dataKey, recipients) };
  } finally {
    dataKey.fill(0);
  }
}

function sealDataKey(dataKey: Buffer, recipients: readonly PublicKey[]): Record<string, Buffer> {
  return Object.fromEntries(
    recipients.map(({ id, publicKey }) => [
      id,
      Buffer.from(sodium.crypto_box_seal(dataKey, publicKey)),
    ]),
  );
}

async function openDataKey(
  { context, body, signature, dataKeys }: SealedSecret,
  { isMeant, otherwise }: Expected,
  { opening, signers }: WorkerKeys,
): Promise<Buffer> {
  await sodium.ready;
  const message = signed(context, body);
  const isSigned = signers.some(({ publicKey }) => verifies(signature, message, publicKey));
  if (!isSigned) throw new UnreadableSecretError('no API that this worker trusts has signed it');
  if (!isMeant(context)) throw new UnreadableSecretError(otherwise);
  for (const { id, publicKey, privateKey } of opening) {
    const box = dataKeys[id];
    const dataKey = box && unbox(box, publicKey, privateKey);
    if (dataKey) return dataKey;
  }
  throw new UnreadableSecretError('it is not sealed to any key that this worker has');
}

function verifies(signature: Buffer, message: Buffer, publicKey: Uint8Array): boolean {
  if (signature.length !== sodium.crypto_sign_BYTES) return false;
  return sodium.crypto_sign_verify_detached(signature, message, publicKey);
}

/** Undefined for a box that this key does not open, and one that holds something else. */
function unbox(box: Buffer, publicKey: Uint8Array, privateKey: Uint8Array): Buffer | undefined {
  try {
    const dataKey = Buffer.from(sodium.crypto_box_seal_open(box, publicKey, privateKey));
    return dataKey.length === DATA_KEY_BYTES ? dataKey : undefined;
  } catch {
    return undefined;
  }
}

function encrypt(content: Buffer, context: string, dataKey: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, dataKey, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(context));
  const ciphertext = Buffer.concat([cipher.update(content), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
}

/** Throws {@link UnreadableSecretError} when anything of it was changed. */
function decrypt({ context, body }: SealedSecret, dataKey: Buffer): Buffer {
  let first: Buffer | undefined;
  try {
    const nonce = body.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, dataKey, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(body.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    first = decipher.update(body.subarray(NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([first, decipher.final()]);
  } catch (cause) {
    throw new UnreadableSecretError('its content does not fit its key', { cause });
  } finally {
    first?.fill(0);
  }
}

/** The length first: no other context and body give the same bytes. */
function signed(context: string, body: Buffer): Buffer {
  const text = Buffer.from(context);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, body]);
}
