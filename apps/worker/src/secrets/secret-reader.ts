import {
  type Claim,
  decodeContext,
  KeyFileError,
  type Logger,
  openSecret,
  openValues,
  parseImageReference,
  readWorkerKeys,
  Secrets,
  type SecretValues,
  secretImage,
  UnreadableSecretError,
  type WorkerKeys,
} from '@conjob/shared';
import type { Redis } from 'ioredis';
import { SecretError } from './secret-error.ts';

export interface SecretReaderOptions {
  readonly redis: Redis;
  /** Undefined: a job whose image has a secret can not run here. */
  readonly keysFolder: string | undefined;
  readonly logger: Logger;
}

export interface ImageSecret {
  /** Which one of all that the image has had. */
  readonly version: string;
  /** Whoever gets it overwrites it after use. */
  readonly content: Buffer;
}

/** Opens the secrets of images and of jobs. */
export class SecretReader {
  readonly #options: SecretReaderOptions;
  readonly #secrets: Secrets;

  constructor(options: SecretReaderOptions) {
    this.#options = options;
    this.#secrets = new Secrets(options.redis);
  }

  /** Null when the image, as a job names it, has none. Throws {@link SecretError}. */
  async read(reference: string): Promise<ImageSecret | null> {
    const image = secretImage(parseImageReference(reference));
    const sealed = image === null ? null : await this.#secrets.find(image);
    if (image === null || sealed === null) return null;
    const keys = await this.#keys();
    try {
      const content = await openSecret(sealed, image, keys);
      return { content, version: decodeContext(sealed.context)?.version ?? '' };
    } catch (error) {
      if (!(error instanceof UnreadableSecretError)) throw error;
      this.#options.logger.error({ image, err: error }, 'could not open the secret of an image');
      throw new SecretError(error.message, { cause: error });
    }
  }

  /** The values of the `secretEnv` of a job, by name. Throws {@link SecretError}. */
  async readEnv({ id, spec }: Pick<Claim, 'id' | 'spec'>): Promise<SecretValues> {
    if (spec.sealedEnv === undefined) return {};
    const keys = await this.#keys();
    try {
      return await openValues(id, spec.sealedEnv, keys);
    } catch (error) {
      if (!(error instanceof UnreadableSecretError)) throw error;
      this.#options.logger.error({ job: id, err: error }, 'could not open the secretEnv of a job');
      throw new SecretError(`secretEnv: ${error.message}`, { cause: error });
    }
  }

  /** Says in the log when secrets can not be read, for operators to know before a job does. */
  async check(): Promise<void> {
    if (this.#options.keysFolder !== undefined) await this.#keys().catch(() => {});
  }

  /** Read anew each time: keys can be changed while this runs. The caller of a job learns of no path. */
  async #keys(): Promise<WorkerKeys> {
    const { keysFolder, logger } = this.#options;
    if (keysFolder === undefined) throw new SecretError('its worker has no keys for secrets');
    try {
      return await readWorkerKeys(keysFolder);
    } catch (cause) {
      if (!(cause instanceof KeyFileError)) throw cause;
      logger.error(`secrets can not be read: ${cause.message}`);
      throw new SecretError('the keys of its worker can not be used', { cause });
    }
  }
}
