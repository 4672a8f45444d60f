import { type Expected, open, reseal, seal } from './seal.ts';
import {
  decodeContext,
  encodeContext,
  type SealedSecret,
  type SecretContext,
} from './sealed-secret.ts';
import type { ApiKeys, PublicKey, WorkerKeys } from './secret-keys.ts';

/** Seals the secret of an image: see {@link seal}. */
export async function sealSecret(
  content: Buffer,
  context: SecretContext,
  keys: ApiKeys,
): Promise<SealedSecret> {
  return seal(content, encodeContext(context), keys);
}

/**
 * The content of a secret of this image. Throws `UnreadableSecretError`. Whoever gets it overwrites it
 * after use.
 */
export async function openSecret(
  sealed: SealedSecret,
  image: string,
  keys: WorkerKeys,
): Promise<Buffer> {
  return open(sealed, secretOf(image), keys);
}

/** The same secret, readable by these and by nobody else. Throws `UnreadableSecretError`. */
export async function resealSecret(
  sealed: SealedSecret,
  image: string,
  keys: WorkerKeys,
  recipients: readonly PublicKey[],
): Promise<SealedSecret> {
  return reseal(sealed, secretOf(image), keys, recipients);
}

function secretOf(image: string): Expected {
  return {
    isMeant: (context) => decodeContext(context)?.image === image,
    otherwise: 'it belongs to another image',
  };
}
