import {
  addWorkerKey,
  type KeyId,
  readApiKeys,
  readWorkerKeys,
  removeWorkerKey,
  resealSecret,
  type SealedSecret,
  Secrets,
  UnreadableSecretError,
} from '@conjob/shared';
import type { Redis } from 'ioredis';

/** A change of keys that would lose a secret. The message is for operators. */
export class KeyInUseError extends Error {
  override readonly name = 'KeyInUseError';
}

export interface Resealed {
  readonly resealed: number;
  /** Was sealed to these keys, and to no others, already. */
  readonly unchanged: number;
  /** By image: why not. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** What operators do with the keys of secrets, where the whole folder of keys is. Throws `KeyFileError`. */
export class KeyUpkeep {
  readonly #folder: string;
  readonly #secrets: Secrets;

  constructor(folder: string, redis: Redis) {
    this.#folder = folder;
    this.#secrets = new Secrets(redis);
  }

  /** For each key of workers: how many secrets it opens, and whether it opens what is sealed from now on. */
  async list() {
    const [{ opening }, { recipients, signing }] = await this.#keys();
    const ids = new Set([...opening, ...recipients].map(({ id }) => id));
    const sealed = await this.#all();
    const workerKeys = [...ids].map((id) => ({
      id,
      opens: sealed.filter(({ secret }) => id in secret.dataKeys).length,
      isPrivateHere: opening.some((key) => key.id === id),
      isSealedTo: recipients.some((key) => key.id === id),
    }));
    return { secrets: sealed.length, signs: signing.id, workerKeys };
  }

  async add(): Promise<KeyId> {
    return addWorkerKey(this.#folder);
  }

  /** Seals every secret to the workers to whom the API seals now, and to no others. */
  async reseal(): Promise<Resealed> {
    const [workerKeys, { recipients }] = await this.#keys();
    let [resealed, unchanged] = [0, 0];
    const unreadable = new Map<string, string>();
    for (const { image, secret } of await this.#all()) {
      if (isSealedTo(secret, recipients)) {
        unchanged += 1;
        continue;
      }
      try {
        const next = await resealSecret(secret, image, workerKeys, recipients);
        // One that was set meanwhile is sealed to them.
        if (await this.#secrets.reseal(image, next)) resealed += 1;
      } catch (error) {
        if (!(error instanceof UnreadableSecretError)) throw error;
        unreadable.set(image, error.message);
      }
    }
    return { resealed, unchanged, unreadable };
  }

  /** Forgets a key. Throws {@link KeyInUseError} while it alone opens a secret. */
  async retire(id: KeyId): Promise<void> {
    const [{ opening }] = await this.#keys();
    const others = opening.filter((key) => key.id !== id);
    const lost = (await this.#all()).filter(
      ({ secret }) => id in secret.dataKeys && !others.some((key) => key.id in secret.dataKeys),
    );
    if (lost.length > 0) {
      const images = lost.map(({ image }) => image).join(', ');
      throw new KeyInUseError(`Only ${id} opens the secrets of: ${images}. Run: keys reseal`);
    }
    await removeWorkerKey(this.#folder, id);
  }

  async #keys() {
    return Promise.all([readWorkerKeys(this.#folder), readApiKeys(this.#folder)]);
  }

  async #all(): Promise<{ image: string; secret: SealedSecret }[]> {
    const found = new Map<string, SealedSecret>();
    for await (const image of this.#secrets.images()) {
      const secret = await this.#secrets.find(image);
      if (secret !== null) found.set(image, secret);
    }
    return [...found].map(([image, secret]) => ({ image, secret }));
  }
}

function isSealedTo({ dataKeys }: SealedSecret, recipients: readonly { id: KeyId }[]): boolean {
  const ids = Object.keys(dataKeys);
  return ids.length === recipients.length && recipients.every(({ id }) => ids.includes(id));
}
