import type { Redis } from 'ioredis';
import { keys } from '../keys.ts';
import { decodeContext, type SealedSecret } from './sealed-secret.ts';

/** Only what it was made from is replaced: somebody may have set another secret meanwhile. */
const RESEAL = `
if redis.call('HGET', KEYS[1], 'context') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'dataKeys', ARGV[2])
return 1
`;

export interface SecretStatus {
  /** Milliseconds since the epoch, by the clock of Redis. */
  readonly createdAt: number | null;
}

/** The sealed secrets in Redis, one for an image at most. `image` is what `secretImage` says. */
export class Secrets {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Replaces the one that there is. */
  async put(image: string, { context, body, signature, dataKeys }: SealedSecret): Promise<void> {
    // One command with every field: no reader sees a mixture.
    const fields = { context, body, signature, dataKeys: encodeDataKeys(dataKeys) };
    await this.#redis.hset(keys.secret(image), fields);
  }

  /** Null when the image has none. Whatever is there is returned, and does not open if it is not whole. */
  async find(image: string): Promise<SealedSecret | null> {
    const fields = ['context', 'body', 'signature', 'dataKeys'] as const;
    const found = await this.#redis.hmgetBuffer(keys.secret(image), ...fields);
    if (found.every((field) => field === null)) return null;
    const [context, body, signature, dataKeys] = found.map((field) => field ?? Buffer.alloc(0));
    return {
      context: String(context),
      body: body as Buffer,
      signature: signature as Buffer,
      dataKeys: decodeDataKeys(String(dataKeys)),
    };
  }

  /** Null when the image has none. */
  async status(image: string): Promise<SecretStatus | null> {
    const context = await this.#redis.hget(keys.secret(image), 'context');
    return context === null ? null : { createdAt: decodeContext(context)?.createdAt ?? null };
  }

  /** False when there was none. */
  async remove(image: string): Promise<boolean> {
    return (await this.#redis.del(keys.secret(image))) === 1;
  }

  /** Images that have a secret. */
  async *images(): AsyncIterable<string> {
    const prefix = keys.secret('');
    for await (const found of this.#redis.scanStream({ match: `${prefix}*`, count: 1000 })) {
      for (const key of found as string[]) yield key.slice(prefix.length);
    }
  }

  /** False when it is not the secret any more that it was. */
  async reseal(image: string, { context, dataKeys }: SealedSecret): Promise<boolean> {
    const data = encodeDataKeys(dataKeys);
    return (await this.#redis.eval(RESEAL, 1, keys.secret(image), context, data)) === 1;
  }
}

function encodeDataKeys(dataKeys: SealedSecret['dataKeys']): string {
  const entries = Object.entries(dataKeys).map(([id, box]) => [id, box.toString('base64')]);
  return JSON.stringify(Object.fromEntries(entries));
}

function decodeDataKeys(text: string): Record<string, Buffer> {
  try {
    const entries = Object.entries(JSON.parse(text) as object);
    return Object.fromEntries(entries.map(([id, box]) => [id, Buffer.from(String(box), 'base64')]));
  } catch {
    return {};
  }
}
