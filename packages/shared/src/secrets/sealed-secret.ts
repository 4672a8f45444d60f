/** What a secret is bound to: sealed for one of these, it opens for no other. */
export interface SecretContext {
  /** As `secretImage` says it. */
  readonly image: string;
  /** Random, of each version of the secret of an image. */
  readonly version: string;
  /** Milliseconds since the epoch, by the clock of Redis. */
  readonly createdAt: number;
}

/** One version of a secret, as Redis has it. Without a worker's key nobody reads it. */
export interface SealedSecret {
  /** By {@link encodeContext}. Authenticated with the body. */
  readonly context: string;
  /** Nonce, tag and ciphertext, of AES-256-GCM under a data key of this version alone. */
  readonly body: Buffer;
  /** Of context and body, by the API. */
  readonly signature: Buffer;
  /** The data key, sealed to the key of each worker, by the id of that key. */
  readonly dataKeys: Readonly<Record<string, Buffer>>;
}

/** Of the content, in bytes. */
export const MAX_SECRET_BYTES = 1024 * 1024;

const FORMAT = ['conjob-secret', 1] as const;

/** One text for each context, and no two have the same. */
export function encodeContext({ image, version, createdAt }: SecretContext): string {
  return JSON.stringify([...FORMAT, image, version, createdAt]);
}

/** Null for a text that {@link encodeContext} did not make. */
export function decodeContext(text: string): SecretContext | null {
  const parts = parse(text);
  if (!Array.isArray(parts)) return null;
  const [, , image, version, createdAt] = parts;
  const context = { image, version, createdAt } as SecretContext;
  const isOurs = typeof image === 'string' && typeof version === 'string';
  return isOurs && encodeContext(context) === text ? context : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
