import type { Redis } from 'ioredis';
import { keys } from './keys.ts';

export interface StoredChunk {
  /** Id of the stream entry: where to go on reading. */
  readonly position: string;
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/** 64 entries of at most 16 KiB: what is in memory at a time. */
const PAGE = 64;

/** The kept output of one attempt, in the order in which it was written. */
export async function* readOutput(
  redis: Redis,
  id: string,
  attempt: number,
): AsyncGenerator<StoredChunk> {
  let after = '-';
  for (;;) {
    const entries = await redis.xrangeBuffer(keys.output(id, attempt), after, '+', 'COUNT', PAGE);
    for (const [position, fields] of entries) yield readChunk(position, fields);
    const last = entries.at(-1);
    if (last === undefined || entries.length < PAGE) return;
    after = `(${last[0].toString()}`;
  }
}

function readChunk(position: Buffer, fields: Buffer[]): StoredChunk {
  // Fields are always written as: s, 1 or 2, d, bytes.
  const stream = fields[1]?.toString() === '2' ? 'stderr' : 'stdout';
  return { position: position.toString(), stream, data: fields[3] ?? Buffer.alloc(0) };
}

/** How many bytes of each stream of an attempt are kept. */
export async function countOutput(
  redis: Redis,
  id: string,
  attempt: number,
): Promise<Record<StoredChunk['stream'], number>> {
  const bytes = { stdout: 0, stderr: 0 };
  for await (const { stream, data } of readOutput(redis, id, attempt)) bytes[stream] += data.length;
  return bytes;
}
