import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { FIRST_POSITION, keys, type Logger, type StoredChunk, toStoredChunk } from '@conjob/shared';
import type { Redis } from 'ioredis';
import { isAfter } from './position.ts';

/** Called with what was written since the last call, in order. */
export type OutputListener = (chunks: readonly StoredChunk[]) => void;

export interface OutputSubscription {
  /** Some of what came after the given position was read before this subscription: look it up. */
  readonly isBehind: boolean;
  end(): void;
}

interface Dependencies {
  /** A patient connection that nobody else uses; it stays the caller's. */
  readonly blocking: Redis;
  readonly commands: Redis;
  readonly logger: Logger;
}

/** A stream of output that somebody follows. */
interface Channel {
  position: string;
  readonly listeners: Set<OutputListener>;
}

type StreamReply = readonly [key: Buffer, entries: [id: Buffer, fields: Buffer[]][]];

/** At most so long a stream waits to be read whose news got lost. */
const BLOCK_MS = 2000;
const RETRY_MS = 500;
/** Of 16 KiB at most: 4 MiB are in memory at a time, or one entry of each stream where more are followed. */
const ENTRIES_PER_READ = 256;
const MOST_ENTRIES_PER_STREAM = 16;
const NEWS_TTL_MS = 60_000;

/** Also when the memory of Redis is full. KEYS: news. ARGV: how long they are kept. */
const TELL = `#!lua flags=allow-oom
redis.call('XADD', KEYS[1], 'MAXLEN', '1', '*', 'n', '')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
`;

/**
 * Reads the output that is being written, for all who follow it: one blocking read per process over all
 * followed streams. It keeps nothing: who needs what was written earlier reads that himself.
 *
 * A read that waits can't take in one more stream, so there is a stream of its own that ends it.
 */
export class OutputHub {
  readonly #dependencies: Dependencies;
  readonly #channels = new Map<string, Channel>();
  readonly #newsKey = keys.outputNews(randomUUID());
  #newsPosition = FIRST_POSITION;
  #isReading = false;
  #hasTold = false;
  #resume: (() => void) | undefined;
  #closed = false;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** How many streams are followed. */
  get size(): number {
    return this.#channels.size;
  }

  /** Reads until {@link stop}. After an outage it goes on where it was. */
  async run(): Promise<void> {
    while (!this.#closed) {
      if (this.#channels.size === 0) {
        await new Promise<void>((resolve) => {
          this.#resume = resolve;
        });
        continue;
      }
      try {
        await this.#readOnce();
      } catch (error) {
        if (this.#closed) return;
        this.#dependencies.logger.warn({ err: error }, 'reading output failed');
        await sleep(RETRY_MS);
      }
    }
  }

  /** Ends {@link run} with the next reply, or as soon as the connection is closed. */
  stop(): void {
    this.#closed = true;
    this.#resume?.();
  }

  /** Calls `listener` with each chunk of a stream (`keys.output`) that comes after the position. */
  subscribe(key: string, position: string, listener: OutputListener): OutputSubscription {
    const channel = this.#channels.get(key) ?? this.#open(key, position);
    channel.listeners.add(listener);
    return {
      isBehind: isAfter(channel.position, position),
      end: () => {
        channel.listeners.delete(listener);
        if (channel.listeners.size > 0 || this.#channels.get(key) !== channel) return;
        this.#channels.delete(key);
      },
    };
  }

  #open(key: string, position: string): Channel {
    const channel: Channel = { position, listeners: new Set() };
    this.#channels.set(key, channel);
    this.#resume?.();
    if (this.#isReading && !this.#hasTold) {
      this.#hasTold = true;
      this.#tell();
    }
    return channel;
  }

  #tell(): void {
    const { commands, logger } = this.#dependencies;
    commands.eval(TELL, 1, this.#newsKey, NEWS_TTL_MS).catch((error: unknown) => {
      // The read that waits ends by itself soon, or is broken as well.
      logger.debug({ err: error }, 'the reader of output could not be woken');
    });
  }

  async #readOnce(): Promise<void> {
    const channels = [...this.#channels];
    const count = Math.min(
      MOST_ENTRIES_PER_STREAM,
      Math.max(1, Math.floor(ENTRIES_PER_READ / channels.length)),
    );
    const positions = channels.map(([, { position }]) => position);
    this.#isReading = true;
    this.#hasTold = false;
    const reply: readonly StreamReply[] | null = await this.#dependencies.blocking
      .xreadBuffer(
        'COUNT',
        count,
        'BLOCK',
        BLOCK_MS,
        'STREAMS',
        this.#newsKey,
        ...channels.map(([key]) => key),
        this.#newsPosition,
        ...positions,
      )
      .finally(() => {
        this.#isReading = false;
      });
    const read = new Map(channels);
    for (const [key, entries] of reply ?? []) this.#dispatch(String(key), entries, read);
  }

  #dispatch(key: string, entries: StreamReply[1], read: ReadonlyMap<string, Channel>): void {
    const chunks = entries.map(toStoredChunk);
    const last = chunks.at(-1)?.position;
    if (last === undefined) return;
    if (key === this.#newsKey) {
      this.#newsPosition = last;
      return;
    }
    const channel = this.#channels.get(key);
    // One that was opened anew meanwhile begins elsewhere.
    if (channel === undefined || channel !== read.get(key)) return;
    channel.position = last;
    for (const listener of channel.listeners) listener(chunks);
  }
}
