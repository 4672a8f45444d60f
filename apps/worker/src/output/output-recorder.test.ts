import type { OutputChunk } from '@conjob/shared';
import { describe, expect, test } from 'vitest';
import { copiesOf } from '../testing/copies-of.ts';
import { OutputRecorder } from './output-recorder.ts';

const MEBIBYTE = 1024 * 1024;

/** A small generator of its own seed, so that a failure can be repeated. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomChunks(seed: number): OutputChunk[] {
  const below = random(seed);
  return Array.from({ length: 1 + below(80) }, () => ({
    stream: below(3) === 0 ? ('stderr' as const) : ('stdout' as const),
    data: Buffer.from(
      Array.from({ length: below(below(10) === 0 ? 50_000 : 50) }, () => below(256)),
    ),
  }));
}

/** A store that takes what it gets, one write at a time. */
function memoryStore() {
  const chunks: OutputChunk[] = [];
  let writing = false;
  return {
    chunks,
    async append(batch: readonly OutputChunk[]) {
      expect(writing).toBe(false);
      writing = true;
      await Promise.resolve();
      chunks.push(...copiesOf(batch));
      writing = false;
    },
  };
}

/** A store that takes nothing until it is told to. */
function slowStore() {
  const { promise: open, resolve } = Promise.withResolvers<void>();
  let bytes = 0;
  return {
    open: resolve,
    get bytes() {
      return bytes;
    },
    async append(batch: readonly OutputChunk[]) {
      await open;
      for (const { data } of batch) bytes += data.length;
    },
  };
}

/** One entry per byte, with its stream: what order and content come down to. */
function inOrder(chunks: readonly OutputChunk[], limit = Number.POSITIVE_INFINITY): Buffer {
  const all = chunks.map(({ stream, data }) =>
    Buffer.from(Array.from(data).flatMap((byte) => [stream === 'stdout' ? 1 : 2, byte])),
  );
  return Buffer.concat(all).subarray(0, limit * 2);
}

const out = (data: Buffer | string): OutputChunk => ({ stream: 'stdout', data: Buffer.from(data) });

/** Of both streams in turn: none can be put together with the one before. */
const piece = (n: number, bytes = 1): OutputChunk => ({
  stream: n % 2 === 0 ? 'stdout' : 'stderr',
  data: Buffer.alloc(bytes, n),
});

describe('the output recorder', () => {
  test.each(Array.from({ length: 30 }, (_, seed) => seed))(
    'keeps every byte in its order, up to the limit exactly (seed %i)',
    async (seed) => {
      const written = randomChunks(seed);
      const total = written.reduce((sum, { data }) => sum + data.length, 0);
      for (const maxBytes of [total, Math.floor(total / 2), total + 1, 1]) {
        const store = memoryStore();
        const recorder = new OutputRecorder((batch) => store.append(batch), maxBytes);
        for (const [index, chunk] of written.entries()) {
          await recorder.write(chunk);
          if (index % 7 === seed % 7) await Promise.resolve();
        }
        await recorder.end();
        expect(inOrder(store.chunks).equals(inOrder(written, maxBytes))).toBe(true);
        expect(recorder.totalBytes).toBe(total);
        expect(recorder.truncated).toBe(total > maxBytes);
        for (const { data } of store.chunks) expect(data.length).toBeLessThanOrEqual(16 * 1024);
      }
    },
  );

  test('keeps what was written in a buffer that is used again', async () => {
    const store = memoryStore();
    const recorder = new OutputRecorder((batch) => store.append(batch), MEBIBYTE);
    const buffer = Buffer.alloc(50_000);
    const written: Buffer[] = [];
    for (const [index, length] of [1, 50_000, 300, 40_000, 2_500, 17].entries()) {
      void recorder.write({ stream: 'stdout', data: buffer.fill(index + 1).subarray(0, length) });
      written.push(Buffer.alloc(length, index + 1));
      if (index % 2 === 1) await recorder.end();
    }
    await recorder.end();
    const stored = Buffer.concat(store.chunks.map(({ data }) => data));
    expect(stored.equals(Buffer.concat(written))).toBe(true);
  });

  test('stores out of the same memory again and again', async () => {
    const memory = new Set<ArrayBufferLike>();
    const recorder = new OutputRecorder(async (batch) => {
      for (const { data } of batch) memory.add(data.buffer);
    }, 64 * MEBIBYTE);
    const written = Buffer.alloc(MEBIBYTE);
    for (let n = 0; n < 32; n += 1) {
      await recorder.write({ stream: 'stdout', data: written });
      await recorder.end();
    }
    expect(memory.size * 16 * 1024).toBeLessThanOrEqual(2 * MEBIBYTE);
  });

  test('counts each stream by itself, also beyond the limit', async () => {
    const recorder = new OutputRecorder(async () => {}, 3);
    await recorder.write(out('12345'));
    await recorder.write({ stream: 'stderr', data: Buffer.from('12') });
    expect([recorder.seen('stdout'), recorder.seen('stderr')]).toEqual([5, 2]);
  });

  test('puts many small chunks into few writes', async () => {
    let writes = 0;
    const recorder = new OutputRecorder(async () => {
      writes += 1;
    }, MEBIBYTE);
    for (let n = 0; n < 10_000; n += 1) void recorder.write(out('x'));
    await recorder.end();
    expect(writes).toBe(1);
  });

  test('lets the container go on until more is pending than the high water', () => {
    const recorder = new OutputRecorder((batch) => slowStore().append(batch), 10 * MEBIBYTE);
    expect(recorder.write(out(Buffer.alloc(MEBIBYTE)))).toBeUndefined();
    expect(recorder.write(out('x'))).toBeInstanceOf(Promise);
  });

  test('lets the container wait as well when many small pieces are pending', async () => {
    const store = slowStore();
    const recorder = new OutputRecorder((batch) => store.append(batch), 10 * MEBIBYTE);
    let written = 0;
    let room: Promise<void> | undefined;
    while (room === undefined && written < MEBIBYTE) room = recorder.write(piece(written++));
    expect(written).toBeLessThan(5_000);
    store.open();
    await room;
    await recorder.end();
    expect(store.bytes).toBe(written);
  });

  test('keeps the first of a great many small pieces, and says that it was not all', async () => {
    const store = memoryStore();
    const recorder = new OutputRecorder((batch) => store.append(batch), 64 * 1024);
    for (let n = 0; n < 10_000; n += 1) await recorder.write(piece(n));
    await recorder.write(piece(9_999));
    await recorder.end();
    const first = Array.from({ length: 4096 }, (_, n) => piece(n));
    expect(inOrder(store.chunks).equals(inOrder(first))).toBe(true);
    expect([recorder.totalBytes, recorder.truncated]).toEqual([10_001, true]);
  });

  test('keeps all of as many pieces as there may be when they are not that small', async () => {
    const store = memoryStore();
    const recorder = new OutputRecorder((batch) => store.append(batch), 64 * 1024);
    const written = Array.from({ length: 4096 }, (_, n) => piece(n, 16));
    for (const chunk of written) await recorder.write(chunk);
    await recorder.end();
    expect(inOrder(store.chunks).equals(inOrder(written))).toBe(true);
    expect(recorder.truncated).toBe(false);
  });

  test('has a bounded number of pieces in memory, also of a container that must not wait', async () => {
    const store = slowStore();
    const recorder = new OutputRecorder((batch) => store.append(batch), 10 * MEBIBYTE);
    recorder.stopBlocking();
    for (let n = 0; n < 100_000; n += 1) expect(recorder.write(piece(n))).toBeUndefined();
    store.open();
    await recorder.end();
    expect(store.bytes).toBeLessThan(70_000);
    expect([recorder.totalBytes, recorder.truncated]).toEqual([100_000, true]);
  });

  test('lets it go on again when the store has caught up', async () => {
    const store = slowStore();
    const recorder = new OutputRecorder((batch) => store.append(batch), 10 * MEBIBYTE);
    const waiting = recorder.write(out(Buffer.alloc(2 * MEBIBYTE)));
    store.open();
    await waiting;
    await recorder.end();
    expect(store.bytes).toBe(2 * MEBIBYTE);
  });

  test('does not hold up what is not kept', () => {
    const recorder = new OutputRecorder((batch) => slowStore().append(batch), MEBIBYTE + 1);
    void recorder.write(out(Buffer.alloc(MEBIBYTE + 1)));
    expect(recorder.write(out('beyond'))).toBeUndefined();
  });

  test('wakes a reader that waits when the container is to stop, and loses nothing', async () => {
    const store = slowStore();
    const recorder = new OutputRecorder((batch) => store.append(batch), 10 * MEBIBYTE);
    const waiting = recorder.write(out(Buffer.alloc(2 * MEBIBYTE)));
    recorder.stopBlocking();
    await waiting;
    expect(recorder.write(out(Buffer.alloc(2 * MEBIBYTE)))).toBeUndefined();
    store.open();
    await recorder.end();
    expect(store.bytes).toBe(4 * MEBIBYTE);
  });

  test('never rejects a write, and tells at the end that the store failed', async () => {
    const recorder = new OutputRecorder(async () => {
      throw new Error('store is full');
    }, 10 * MEBIBYTE);
    await recorder.write(out(Buffer.alloc(2 * MEBIBYTE)));
    await recorder.write(out('more'));
    expect(recorder.totalBytes).toBe(2 * MEBIBYTE + 4);
    await expect(recorder.end()).rejects.toThrow('store is full');
  });

  test('ends at once when nothing was written', async () => {
    await new OutputRecorder(async () => {}, 1).end();
  });
});
