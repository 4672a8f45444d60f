import { keys, readOutputPage, type StoredChunk } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { OutputHub, OutputSubscription } from './output-hub.ts';
import { isAfter } from './position.ts';

/** 16 entries of at most 16 KiB. */
const PAGE = 16;
/** What waits for a reader that is slower than the output; beyond it, it reads that itself. */
const MAX_QUEUED_BYTES = 256 * 1024;
/** What a chunk takes beside its bytes: it can be a single one. */
const CHUNK_BYTES = 512;

export interface TailStart {
  readonly id: string;
  readonly attempt: number;
  /** Of the last chunk that was read already. */
  readonly after: string;
  /** Called when there may be more to read. */
  readonly onNews: () => void;
}

/**
 * The output of one attempt for one reader, each chunk once and in order, at the reader's own pace: first
 * what is stored, page by page; then, once there is no more, what the hub reads as it is written. A reader
 * that falls too far behind for that goes back to reading what is stored. So nobody has to wait for anybody,
 * and no more than a page and the queue is in memory.
 */
export class OutputTail {
  readonly #redis: Redis;
  readonly #hub: Pick<OutputHub, 'subscribe'>;
  readonly #start: TailStart;
  #position: string;
  #queue: StoredChunk[] = [];
  #queuedBytes = 0;
  #subscription: OutputSubscription | undefined;
  #isBehind = true;
  #isOver = false;

  constructor(redis: Redis, hub: Pick<OutputHub, 'subscribe'>, start: TailStart) {
    this.#redis = redis;
    this.#hub = hub;
    this.#start = start;
    this.#position = start.after;
  }

  /** Some of what comes next; nothing when all was read: then `onNews` tells of more. */
  async read(): Promise<StoredChunk[]> {
    for (;;) {
      const queued = this.#takeQueued();
      if (queued.length > 0) return queued;
      if (!this.#isBehind) return [];
      const page = await this.#readPage();
      if (page.length > 0) return page;
      if (this.#isOver) return [];
    }
  }

  /** Nothing more is written: from now on it is read to its end, and nothing is waited for. */
  readToEnd(): void {
    if (this.#isOver) return;
    this.close();
    this.#isOver = true;
    this.#isBehind = true;
  }

  close(): void {
    this.#subscription?.end();
    this.#subscription = undefined;
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  /** While it is behind, what is queued comes after something that has to be read first. */
  #takeQueued(): StoredChunk[] {
    if (this.#isBehind) return [];
    const chunks = this.#queue.filter(({ position }) => isAfter(position, this.#position));
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#position = chunks.at(-1)?.position ?? this.#position;
    return chunks;
  }

  async #readPage(): Promise<StoredChunk[]> {
    const { id, attempt } = this.#start;
    const isSubscribed = this.#subscription !== undefined;
    const page = await readOutputPage(this.#redis, {
      id,
      attempt,
      after: this.#position,
      limit: PAGE,
    });
    this.#position = page.at(-1)?.position ?? this.#position;
    if (page.length === PAGE || this.#isOver) return page;
    // The end, for now. What was written since is queued, if it was subscribed to before; else it begins here.
    if (isSubscribed) this.#isBehind = this.#subscription === undefined;
    else this.#subscribe();
    return page;
  }

  #subscribe(): void {
    const { id, attempt } = this.#start;
    this.#subscription = this.#hub.subscribe(keys.output(id, attempt), this.#position, (chunks) =>
      this.#enqueue(chunks),
    );
    this.#isBehind = this.#subscription.isBehind;
  }

  #enqueue(chunks: readonly StoredChunk[]): void {
    for (const chunk of chunks) {
      this.#queue.push(chunk);
      this.#queuedBytes += chunk.data.length + CHUNK_BYTES;
    }
    if (this.#queuedBytes > MAX_QUEUED_BYTES) {
      this.close();
      this.#isBehind = true;
    }
    this.#start.onNews();
  }
}
