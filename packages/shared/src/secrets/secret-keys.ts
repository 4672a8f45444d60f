import { createHash } from 'node:crypto';
import sodium from 'libsodium-wrappers';

/** The first digits of the hash of its public half: it names a key in files and records. */
export type KeyId = string;

export interface PublicKey {
  readonly id: KeyId;
  readonly publicKey: Uint8Array;
}

export interface KeyPair extends PublicKey {
  readonly privateKey: Uint8Array;
}

/** `sign`: Ed25519, the API's. `seal`: X25519, the workers'. */
export type KeyUse = 'sign' | 'seal';

/** What the API needs to write secrets. It can not read them. */
export interface ApiKeys {
  readonly signing: KeyPair;
  /** Whose workers shall be able to read. */
  readonly recipients: readonly PublicKey[];
}

/** What a worker needs to read secrets. */
export interface WorkerKeys {
  readonly opening: readonly KeyPair[];
  /** Whose secrets are believed. */
  readonly signers: readonly PublicKey[];
}

const ID_DIGITS = 16;
/** Of a private key as it is written down, and of a public one. */
export const KEY_BYTES = 32;

export async function newKeyPair(use: KeyUse): Promise<{ seed: Buffer; pair: KeyPair }> {
  await sodium.ready;
  const seed = Buffer.from(sodium.randombytes_buf(KEY_BYTES));
  return { seed, pair: await keyPair(use, seed) };
}

/** `seed`: the 32 bytes that a key file holds. */
export async function keyPair(use: KeyUse, seed: Uint8Array): Promise<KeyPair> {
  await sodium.ready;
  if (use === 'sign') {
    const { publicKey, privateKey } = sodium.crypto_sign_seed_keypair(seed);
    return { ...publicKeyOf(publicKey), privateKey };
  }
  return { ...publicKeyOf(sodium.crypto_scalarmult_base(seed)), privateKey: seed };
}

export function publicKeyOf(publicKey: Uint8Array): PublicKey {
  const id = createHash('sha256').update(publicKey).digest('hex').slice(0, ID_DIGITS);
  return { id, publicKey };
}
