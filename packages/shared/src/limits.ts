import type { Redis } from 'ioredis';
import { keys } from './keys.ts';
import { type LedgerCommands, withLedgerCommands } from './ledger/ledger-commands.ts';

const WEEK_SECONDS = 7 * 24 * 3600;
/** More than any installation does: as good as no limit. */
const NO_LIMIT = 1_000_000;

/** The least and the most that an operator can set, and what holds when nobody sets anything. */
export const LIMITS = {
  /** New jobs within any second. 0: none at all. */
  maxGlobalRequestsPerSecond: { least: 0, most: NO_LIMIT, standard: NO_LIMIT },
  /** Jobs that run at once, on all workers together. 0: those that run end, and none starts. */
  maxConcurrentRuns: { least: 0, most: NO_LIMIT, standard: NO_LIMIT },
  maxTimeoutSeconds: { least: 1, most: WEEK_SECONDS, standard: 1800 },
  maxKillTimeoutSeconds: { least: 0, most: 3600, standard: 10 },
  /** Jobs that wait, in all queues together. */
  maxQueuedJobs: { least: 0, most: NO_LIMIT, standard: 100_000 },
} as const;

export type LimitName = keyof typeof LIMITS;
export type LimitValues = Readonly<Record<LimitName, number>>;

export const LIMIT_NAMES = Object.keys(LIMITS) as readonly LimitName[];

const DEFAULT = 'default:';

/**
 * The limits that hold for all API processes and workers together. They are in Redis: what an operator has
 * set, and, for what nobody has set, what the API that was started last has in its environment.
 */
export class Limits {
  readonly #redis: Redis;
  readonly #commands: LedgerCommands;
  readonly #defaults: LimitValues;
  #areAnnounced = false;
  #asked: Promise<LimitValues> | undefined;

  constructor(redis: Redis, defaults: LimitValues) {
    this.#redis = redis;
    this.#commands = withLedgerCommands(redis);
    this.#defaults = defaults;
  }

  /** As they are now. Whoever asks in the same turn of the event loop shares the answer. */
  current(): Promise<LimitValues> {
    if (this.#asked === undefined) {
      this.#asked = this.#redis.hgetall(keys.limits).then((fields) => this.#read(fields));
      setImmediate(() => {
        this.#asked = undefined;
      });
    }
    return this.#asked;
  }

  /**
   * Sets some limits, at once and for all. Returns what was before. One that is set to its default is
   * as one that nobody has set.
   */
  async change(values: Partial<LimitValues>): Promise<LimitValues> {
    const before = await this.#commands.conjobSetLimits(
      keys.limits,
      keys.places,
      ...Object.entries(values).flat(),
    );
    const fields = before.flatMap((name, index) =>
      index % 2 === 0 ? [[name, before[index + 1] ?? '']] : [],
    );
    return this.#read(Object.fromEntries(fields));
  }

  /**
   * Writes the defaults of this process down, for scripts and workers. Once is enough, but for a Redis
   * that has lost its data: what is there already is then another process's, and newer.
   */
  async announce(): Promise<void> {
    const pipeline = this.#redis.pipeline();
    const write = this.#areAnnounced ? 'hsetnx' : 'hset';
    for (const name of LIMIT_NAMES) {
      pipeline[write](keys.limits, DEFAULT + name, String(this.#defaults[name]));
    }
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
    this.#areAnnounced = true;
  }

  #read(fields: Readonly<Record<string, string>>): LimitValues {
    const entries = LIMIT_NAMES.map((name) => {
      const text = fields[name] ?? fields[DEFAULT + name];
      return [name, text === undefined ? this.#defaults[name] : Number(text)];
    });
    return Object.fromEntries(entries) as LimitValues;
  }
}
