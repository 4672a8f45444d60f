import { randomUUID } from 'node:crypto';
import { redisTime, type SecretStatus, Secrets, sealSecret } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { SealingKeys } from './sealing-keys.ts';

export interface SecretServiceOptions {
  readonly redis: Redis;
  /** Without them secrets can be looked for and removed, but not set. */
  readonly keys: Pick<SealingKeys, 'read'>;
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
      const keys = await this.#options.keys.read();
      const createdAt = await redisTime(this.#options.redis);
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
}
