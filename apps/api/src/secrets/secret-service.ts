import { randomUUID } from 'node:crypto';
import {
  type ApiKeys,
  KeyFileError,
  type Logger,
  readApiKeys,
  type SecretStatus,
  Secrets,
  sealSecret,
} from '@conjob/shared';
import type { Redis } from 'ioredis';
import { RequestError } from '../http/request-errors.ts';

export interface SecretServiceOptions {
  readonly redis: Redis;
  /** Undefined: secrets can be looked for and removed, but not set. */
  readonly keysFolder: string | undefined;
  readonly logger: Logger;
}

/** The secrets of images: written and never read here. `image` is what `secretImage` says. */
export class SecretService {
  readonly #options: SecretServiceOptions;
  readonly #secrets: Secrets;

  constructor(options: SecretServiceOptions) {
    this.#options = options;
    this.#secrets = new Secrets(options.redis);
  }

  /** Seals the content for the workers, durably once this resolves. Overwrites `content` with zeros. */
  async set(image: string, content: Buffer): Promise<SecretStatus> {
    try {
      const keys = await this.#keys();
      const [seconds, micros] = await this.#options.redis.time();
      const createdAt = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
      const context = { image, version: randomUUID(), createdAt };
      await this.#secrets.put(image, await sealSecret(content, context, keys));
      return { createdAt };
    } finally {
      content.fill(0);
    }
  }

  /** Null when there is none. */
  async status(image: string): Promise<SecretStatus | null> {
    return this.#secrets.status(image);
  }

  async remove(image: string): Promise<void> {
    await this.#secrets.remove(image);
  }

  /** Says in the log when secrets can not be set, for operators to know before a caller does. */
  async check(): Promise<void> {
    if (this.#options.keysFolder !== undefined) await this.#keys().catch(() => {});
  }

  /** Read anew each time: keys can be changed while this runs. */
  async #keys(): Promise<ApiKeys> {
    const { keysFolder, logger } = this.#options;
    if (keysFolder === undefined) {
      throw new RequestError('secrets.unavailable', 'This API has no keys to seal secrets with.', {
        hint: 'An operator makes them: see SECRET_KEYS_DIR and docs/secrets.md.',
      });
    }
    try {
      return await readApiKeys(keysFolder);
    } catch (cause) {
      if (!(cause instanceof KeyFileError)) throw cause;
      logger.error(`secrets can not be set: ${cause.message}`);
      throw new RequestError('secrets.unavailable', 'The keys of this API can not be used.', {
        hint: 'The log of the API says which file, and why.',
        cause,
      });
    }
  }
}
