import { type JobRecord, readOutput, type StoredChunk } from '@conjob/shared';
import type { Redis } from 'ioredis';

export interface OutputRange {
  /** Default: the last one. */
  readonly attempt?: number | undefined;
  /** Default: both, interleaved as they came. */
  readonly stream?: StoredChunk['stream'] | undefined;
  /** How many bytes (of that stream) to leave out at the start. */
  readonly offset?: number | undefined;
}

/** The output of an attempt of a job so far, byte for byte. */
export async function* outputBytes(
  redis: Redis,
  { id, attempts, result }: JobRecord,
  { attempt, stream, offset = 0 }: OutputRange = {},
): AsyncGenerator<Buffer> {
  if (attempts.length === 0) return;
  // A job that ended between two attempts has no output of its own, though its last attempt had some.
  if (attempt === undefined && result?.outputBytes === 0) return;
  let skip = offset;
  for await (const chunk of readOutput(redis, id, attempt ?? attempts.length)) {
    if (stream !== undefined && chunk.stream !== stream) continue;
    if (skip < chunk.data.length) yield skip === 0 ? chunk.data : chunk.data.subarray(skip);
    skip = Math.max(0, skip - chunk.data.length);
  }
}
