import { type ApiKeys, KeyFileError, type Logger, readApiKeys } from '@conjob/shared';
import { RequestError } from '../http/request-errors.ts';

export interface SealingKeysOptions {
  /** Undefined: nothing can be sealed here. */
  readonly keysFolder: string | undefined;
  readonly logger: Logger;
}

/** The keys that the API seals secrets with. */
export class SealingKeys {
  readonly #options: SealingKeysOptions;

  constructor(options: SealingKeysOptions) {
    this.#options = options;
  }

  /** Read anew each time: keys can be changed while this runs. Throws `RequestError`. */
  async read(): Promise<ApiKeys> {
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

  /** Says in the log when secrets can not be set, for operators to know before a caller does. */
  async check(): Promise<void> {
    if (this.#options.keysFolder !== undefined) await this.read().catch(() => {});
  }
}
