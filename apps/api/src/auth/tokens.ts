import { createHash, randomBytes } from 'node:crypto';
import { keys, redisTime } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { Role } from './role.ts';
import { type TokenCommands, withTokenCommands } from './token-commands.ts';

/** What may be told of a token. Times are milliseconds since the epoch, by the clock of Redis. */
export interface TokenInfo {
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
  /** Null: never. */
  readonly expiresAt: number | null;
  /** To the minute; null: not yet. */
  readonly lastUsedAt: number | null;
}

/** What is stored under the hash of a token. Redis itself forgets it when the token expires. */
type StoredToken = Omit<TokenInfo, 'lastUsedAt'>;

/** 256 bits: nobody finds one by trying. The prefix is for tools that look for leaked secrets. */
const TOKEN_BYTES = 32;
const TOKEN = /^conjob_[\w-]{43}$/;
const NOTED_EVERY_MS = 60_000;

/**
 * Tokens, which all API processes share. Only a hash is stored, and nothing is kept in memory: one that
 * was revoked counts nowhere from then on. Everything rejects when Redis is away.
 */
export class Tokens {
  readonly #redis: Redis;
  readonly #commands: TokenCommands;
  readonly #notedAt = new Map<string, number>();

  constructor(redis: Redis) {
    this.#redis = redis;
    this.#commands = withTokenCommands(redis);
  }

  /** The token itself is returned this once; null when there is another one of that name. */
  async create(
    name: string,
    role: Role,
    expiresInSeconds: number | null,
  ): Promise<{ readonly token: string; readonly info: TokenInfo } | null> {
    const token = `conjob_${randomBytes(TOKEN_BYTES).toString('base64url')}`;
    const ttlMs = expiresInSeconds === null ? 0 : expiresInSeconds * 1000;
    const createdAt = await redisTime(this.#redis);
    const stored: StoredToken = {
      name,
      role,
      createdAt,
      expiresAt: ttlMs === 0 ? null : createdAt + ttlMs,
    };
    const hash = hashOf(token);
    const isMade = await this.#commands.conjobCreateToken(
      keys.tokens,
      keys.tokenUses,
      keys.token(hash),
      keys.token(''),
      name,
      hash,
      JSON.stringify(stored),
      ttlMs,
    );
    return isMade === 1 ? { token, info: { ...stored, lastUsedAt: null } } : null;
  }

  /** Whose token it is; null when it is none, was revoked, or has expired. */
  async find(token: string): Promise<{ readonly name: string; readonly role: Role } | null> {
    if (!TOKEN.test(token)) return null;
    const stored = await this.#redis.get(keys.token(hashOf(token)));
    if (stored === null) return null;
    const { name, role } = JSON.parse(stored) as StoredToken;
    this.#noteUse(name);
    return { name, role };
  }

  /** In the order of their names. */
  async list(): Promise<TokenInfo[]> {
    const [hashes, uses] = await Promise.all([
      this.#redis.hgetall(keys.tokens),
      this.#redis.hgetall(keys.tokenUses),
    ]);
    const names = Object.keys(hashes).toSorted();
    if (names.length === 0) return [];
    const all = await this.#redis.mget(names.map((name) => keys.token(hashes[name] ?? '')));
    return all.flatMap((text) => {
      if (text === null) return [];
      const stored = JSON.parse(text) as StoredToken;
      const lastUse = uses[stored.name];
      return [{ ...stored, lastUsedAt: lastUse === undefined ? null : Number(lastUse) }];
    });
  }

  /** Ends a token at once, on every API process. False when there is none of that name. */
  async revoke(name: string): Promise<boolean> {
    const { tokens, tokenUses } = keys;
    return (await this.#commands.conjobRevokeToken(tokens, tokenUses, keys.token(''), name)) === 1;
  }

  /** Nobody waits for that, and without it nothing is lost. */
  #noteUse(name: string): void {
    const now = performance.now();
    if (now - (this.#notedAt.get(name) ?? Number.NEGATIVE_INFINITY) < NOTED_EVERY_MS) return;
    this.#notedAt.set(name, now);
    const noted = this.#commands.conjobNoteTokenUse(keys.tokens, keys.tokenUses, name);
    noted.catch(() => this.#notedAt.delete(name));
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
