import type { Response } from 'express';
import { sendLive } from './send-live.ts';

/** Up to here an answer is sent in one piece, which takes less time and tells its length. */
const ONE_PIECE_BYTES = 64 * 1024;
/** So much of a longer one may wait for the client: many chunks go out together. */
const AHEAD_BYTES = 256 * 1024;

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
    try {
      yield* first;
      for (; !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  try {
    await sendLive(res, all(), AHEAD_BYTES);
    res.end();
  } catch (error) {
    // What was sent so far must not look like the whole.
    res.destroy();
    throw error;
  }
}
