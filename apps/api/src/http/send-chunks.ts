import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';

/** Up to here an answer is sent in one piece, which takes less time and tells its length. */
const ONE_PIECE_BYTES = 64 * 1024;

/**
 * Sends bytes as they come, no faster than the client reads. The first are fetched before anything
 * is sent, so that a failing source is still answered with a proper error.
 */
export async function sendChunks(res: Response, chunks: AsyncIterable<Buffer>): Promise<void> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  let bytes = 0;
  let next = await iterator.next();
  for (; !next.done && bytes <= ONE_PIECE_BYTES; next = await iterator.next()) {
    first.push(next.value);
    bytes += next.value.length;
  }
  if (next.done) {
    res.set('Content-Length', String(bytes)).end(Buffer.concat(first));
    return;
  }
  async function* all() {
    yield* first;
    for (; !next.done; next = await iterator.next()) yield next.value;
  }
  try {
    await pipeline(Readable.from(all()), res);
  } catch (error) {
    const clientLeft = (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (!clientLeft) throw error;
  } finally {
    await iterator.return?.();
  }
}
