import { setTimeout as sleep } from 'node:timers/promises';
import { FIRST_POSITION, type Logger, type StoredChunk, toStoredChunk } from '@conjob/shared';
import type { Redis } from 'ioredis';
import { Bell } from './bell.ts';
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
  readonly redis: Redis;
  readonly logger: Logger;
  /** At most so long output waits to be read whose notice got lost. Default 1 s. */
  readonly lookMs?: number;
}

/** A stream of output that somebody follows. */
interface Channel {
  /** Of the last chunk that was read, and of the last that there was a notice of. */
  position: string;
  noticed: string;
  readonly listeners: Set<OutputListener>;
}

type StreamReply = readonly [key: Buffer, entries: [id: Buffer, fields: Buffer[]][]];

const LOOK_MS = 1000;
const RETRY_MS = 500;
/** Of 16 KiB at most: 4 MiB are in memory at a time, however many streams a read asks for. */
const ENTRIES_PER_READ = 256;
const MOST_ENTRIES_PER_STREAM = 16;

/**
 * Reads the output that is being written, for all who follow it: one connection per process, which reads the
 * streams that have something new, and no other. It keeps nothing: who needs what was written earlier reads that
 * himself.
 *
 * Whoever stores output gives notice of it on a channel that is named like the stream. A notice is a wake-up call
 * and no more, and can get lost: so a stream is read when it is subscribed to, and all are when the connection has
 * come back, and now and then. Subscriptions and reads are on one connection, which keeps their order: what is
 * written after a read was carried out has its notice.
 */
export class OutputHub {
  readonly #dependencies: Dependencies;
  readonly #channels = new Map<string, Channel>();
  /** Those to be read, who waits longest first. */
  readonly #due = new Map<string, Channel>();
  readonly #bell = new Bell();
  readonly #lookMs: number;
  #lookAt = 0;
  #closed = false;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
    this.#lookMs = dependencies.lookMs ?? LOOK_MS;
    dependencies.redis.on('message', (key, position) => this.#notice(key, position));
    dependencies.redis.on('ready', () => this.#lookAtAll());
  }

  /** How many streams are followed. */
  get size(): number {
    return this.#channels.size;
  }

  /** Reads until {@link stop}. After an outage it goes on where it was. */
  async run(): Promise<void> {
    while (!this.#closed) {
      const leftMs = this.#lookAt - performance.now();
      if (leftMs <= 0) this.#lookAtAll();
      else if (this.#due.size === 0) await this.#bell.heard(leftMs);
      else await this.#readDue();
    }
  }

  /** Ends {@link run} with the next reply, or as soon as the connection is closed. */
  stop(): void {
    this.#closed = true;
    this.#bell.ring();
  }

  /** Calls `listener` with each chunk of a stream (`keys.output`) that comes after the position. */
  subscribe(key: string, position: string, listener: OutputListener): OutputSubscription {
    const channel = this.#channels.get(key) ?? this.#open(key, position);
    channel.listeners.add(listener);
    return {
      isBehind: isAfter(channel.position, position),
      end: () => {
        channel.listeners.delete(listener);
        if (channel.listeners.size === 0 && this.#channels.get(key) === channel) this.#close(key);
      },
    };
  }

  #open(key: string, position: string): Channel {
    const channel: Channel = { position, noticed: FIRST_POSITION, listeners: new Set() };
    this.#channels.set(key, channel);
    const { redis, logger } = this.#dependencies;
    redis.subscribe(key).catch((error: unknown) => {
      if (!this.#closed)
        logger.warn({ err: error }, 'output is read without notice of it, and late');
    });
    // Also what was written before there were notices.
    this.#setDue(key, channel);
    return channel;
  }

  #close(key: string): void {
    this.#channels.delete(key);
    this.#due.delete(key);
    // What is still told of it finds nobody.
    this.#dependencies.redis.unsubscribe(key).catch(() => {});
  }

  #setDue(key: string, channel: Channel): void {
    this.#due.set(key, channel);
    this.#bell.ring();
  }

  #notice(key: string, position: string): void {
    const channel = this.#channels.get(key);
    if (channel === undefined) return;
    channel.noticed = position;
    if (isAfter(position, channel.position)) this.#setDue(key, channel);
  }

  #lookAtAll(): void {
    this.#lookAt = performance.now() + this.#lookMs;
    for (const [key, channel] of this.#channels) this.#setDue(key, channel);
  }

  async #readDue(): Promise<void> {
    const channels = [...this.#due].slice(0, ENTRIES_PER_READ);
    for (const [key] of channels) this.#due.delete(key);
    try {
      await this.#read(new Map(channels));
    } catch (error) {
      if (this.#closed) return;
      this.#dependencies.logger.warn({ err: error }, 'reading output failed');
      await sleep(RETRY_MS);
      this.#lookAtAll();
    }
  }

  async #read(channels: ReadonlyMap<string, Channel>): Promise<void> {
    const count = Math.min(
      MOST_ENTRIES_PER_STREAM,
      Math.max(1, Math.floor(ENTRIES_PER_READ / channels.size)),
    );
    const positions = [...channels.values()].map(({ position }) => position);
    const reply: readonly StreamReply[] | null = await this.#dependencies.redis.xreadBuffer(
      'COUNT',
      count,
      'STREAMS',
      ...channels.keys(),
      ...positions,
    );
    for (const [name, entries] of reply ?? []) {
      const key = String(name);
      const channel = channels.get(key);
      // One that was opened anew meanwhile begins elsewhere.
      if (channel === undefined || channel !== this.#channels.get(key)) continue;
      const chunks = entries.map(toStoredChunk);
      channel.position = chunks.at(-1)?.position ?? channel.position;
      if (chunks.length === count) this.#setDue(key, channel);
      else if (!isAfter(channel.noticed, channel.position)) this.#due.delete(key);
      for (const listener of channel.listeners) listener(chunks);
    }
  }
}
