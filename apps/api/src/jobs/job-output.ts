import { type JobRecord, readOutput, type StoredChunk } from '@conjob/shared';
import type { Redis } from 'ioredis';

export interface OutputRange {
  /** Default: both, interleaved as they came. */
  readonly stream?: StoredChunk['stream'] | undefined;
  /** How many bytes (of that stream) to leave out at the start. */
  readonly offset?: number | undefined;
}

/** The output of a job's last attempt so far, byte for byte. */
export async function* outputBytes(
  redis: Redis,
  { id, attempts }: JobRecord,
  { stream, offset = 0 }: OutputRange = {},
): AsyncGenerator<Buffer> {
  if (attempts.length === 0) return;
  let skip = offset;
  for await (const chunk of readOutput(redis, id, attempts.length)) {
    if (stream !== undefined && chunk.stream !== stream) continue;
    if (skip < chunk.data.length) yield skip === 0 ? chunk.data : chunk.data.subarray(skip);
    skip = Math.max(0, skip - chunk.data.length);
  }
}
