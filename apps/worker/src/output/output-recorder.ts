import type { OutputChunk, StreamBytes } from '@conjob/shared';
import { NO_PAGE, Pages } from './pages.ts';

/** Largest entry of the stored output. */
const MAX_CHUNK_BYTES = 16 * 1024;
/** Most chunks in one write: a quarter of a megabyte. */
const MAX_CHUNKS_PER_WRITE = 16;
/** From here on the container has to wait for the store: there each chunk takes some 300 bytes beside its own. */
const HIGH_WATER_BYTES = 1024 * 1024;
const HIGH_WATER_CHUNKS = 4 * 1024;
/** More does not wait for the store, also of a container for which it does not wait itself: 1 GiB in whole chunks. */
const MAX_PENDING_CHUNKS = 64 * 1024;
/** Redis takes 15 to 31 bytes for each entry beside its own: those of short entries must not be most of it. */
const MIN_BYTES_PER_ENTRY = 16;
/** So many there may be, however little is kept. */
const MIN_ENTRIES = 1024;

/** Of a container that has written nothing. */
export const NO_BYTES: StreamBytes = { stdout: 0, stderr: 0 };

interface PendingChunk {
  readonly stream: OutputChunk['stream'];
  /** Its first `bytes` are used. */
  page: Buffer;
  bytes: number;
  end: number | undefined;
}

/** A chunk that is not what the container wrote. */
interface ChangedChunk extends OutputChunk {
  /** Where what it stands for ends in the stream. */
  readonly end?: number | undefined;
  /** It is stored as a whole. */
  readonly isMask?: boolean;
}

/**
 * `seen`: how far the container had come in each stream, where that is not what is stored. When it has resolved, nobody
 * may need the chunks any more: their memory is used again.
 */
export type Append = (chunks: readonly OutputChunk[], seen?: StreamBytes) => Promise<void>;

/**
 * Keeps the output of one attempt: the first `maxBytes` of both streams together, in the order of
 * arrival; less where they come in a great many pieces that can't be put together. What comes after is counted,
 * not kept, and the container goes on.
 *
 * One write is under way at a time, and what arrives meanwhile goes with the next: a quiet job is
 * stored at once, a chatty one in large pieces.
 */
export class OutputRecorder {
  readonly #append: Append;
  #maxBytes: number;
  /** How many this process may still begin. */
  #entriesLeft: number;
  readonly #bytesByStream: Record<OutputChunk['stream'], number>;
  #keptBytes: number;
  readonly #pages = new Pages(MAX_CHUNK_BYTES);
  #pending: PendingChunk[] = [];
  #pendingBytes = 0;
  #flushing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #blocking = true;
  #room: PromiseWithResolvers<void> | undefined;
  #seenByStore: StreamBytes | undefined;

  /** `recorded`: bytes of each stream that an earlier recorder of this attempt has kept; `seen`: of what. */
  constructor(
    append: Append,
    maxBytes: number,
    recorded: StreamBytes = NO_BYTES,
    seen?: StreamBytes,
  ) {
    this.#append = append;
    this.#seenByStore = seen;
    this.#maxBytes = maxBytes;
    this.#entriesLeft = Math.max(MIN_ENTRIES, Math.floor(maxBytes / MIN_BYTES_PER_ENTRY));
    this.#bytesByStream = { ...recorded };
    this.#keptBytes = recorded.stdout + recorded.stderr;
  }

  /** Bytes seen so far, kept or not. */
  get totalBytes(): number {
    return this.#bytesByStream.stdout + this.#bytesByStream.stderr;
  }

  get truncated(): boolean {
    return this.totalBytes > this.#keptBytes;
  }

  /** Whether something of it was masked. */
  get masked(): boolean {
    return false;
  }

  /** Bytes seen of one stream: where to go on after a broken attachment. */
  seen(stream: OutputChunk['stream']): number {
    return this.#bytesByStream[stream];
  }

  /**
   * A promise means: wait for it before reading on. It never rejects: reading has to go on also when
   * nothing can be stored any more, or the container could not end. `end` tells.
   */
  write({ stream, data, end, isMask = false }: ChangedChunk): Promise<void> | undefined {
    this.#bytesByStream[stream] += data.length;
    const kept = data.subarray(0, this.#maxBytes - this.#keptBytes);
    if (kept.length === 0 || this.#failure) return undefined;
    const keptEnd = end === undefined ? undefined : end - (data.length - kept.length);
    this.#enqueue({ stream, data: kept, end: keptEnd, isMask });
    this.#flushing ??= this.#flush();
    if (!this.#blocking || this.#hasRoom) return undefined;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /**
   * From now on writing never waits: a container that is being stopped must be read to its end, or
   * the engine hangs over it. What is pending stays in memory, bounded by the limit of the output.
   */
  stopBlocking(): void {
    this.#blocking = false;
    this.#makeRoom();
  }

  /** Nothing more comes. */
  finish(): void {}

  /** Waits until everything is stored. Throws when something could not be. */
  async end(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    if (this.#failure) throw this.#failure.error;
  }

  get #hasRoom(): boolean {
    return this.#pendingBytes <= HIGH_WATER_BYTES && this.#pending.length <= HIGH_WATER_CHUNKS;
  }

  #enqueue({ stream, data, end, isMask }: ChangedChunk): void {
    const leastRoom = isMask ? data.length : 1;
    for (let offset = 0; offset < data.length; ) {
      let last = this.#pending.at(-1);
      if (last?.stream !== stream || last.bytes + leastRoom > MAX_CHUNK_BYTES) {
        if (this.#entriesLeft === 0 || this.#pending.length === MAX_PENDING_CHUNKS) {
          // What is kept has no gaps: nothing more is.
          this.#maxBytes = this.#keptBytes;
          return;
        }
        this.#entriesLeft -= 1;
        last = { stream, page: NO_PAGE, bytes: 0, end: undefined };
        this.#pending.push(last);
      }
      const piece = Math.min(data.length - offset, MAX_CHUNK_BYTES - last.bytes);
      last.page = this.#pages.withRoom(last.page, last.bytes, piece);
      data.copy(last.page, last.bytes, offset, offset + piece);
      last.bytes += piece;
      this.#pendingBytes += piece;
      this.#keptBytes += piece;
      offset += piece;
      if (end !== undefined) last.end = end - (data.length - offset);
    }
  }

  /** Never rejects: a failure shows at the end. */
  async #flush(): Promise<void> {
    try {
      // Let the frames that are in the same packet come along.
      await Promise.resolve();
      while (this.#pending.length > 0) {
        const batch = this.#pending.splice(0, MAX_CHUNKS_PER_WRITE);
        for (const { stream, end } of batch) {
          if (end !== undefined)
            this.#seenByStore = { ...(this.#seenByStore ?? NO_BYTES), [stream]: end };
        }
        const chunks = batch.map(({ stream, page, bytes }) => ({
          stream,
          data: page.subarray(0, bytes),
        }));
        await this.#append(chunks, this.#seenByStore);
        for (const { page, bytes } of batch) {
          this.#pendingBytes -= bytes;
          this.#pages.giveBack(page);
        }
        if (this.#hasRoom) this.#makeRoom();
      }
    } catch (error) {
      this.#failure ??= { error };
      this.#pending = [];
      this.#makeRoom();
    } finally {
      this.#flushing = undefined;
    }
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}
