import type { StoredChunk } from '@conjob/shared';
import type { FollowEnd, Followed } from './follow-job.ts';

export interface LiveRange {
  /** Default: both, interleaved as they came. */
  readonly stream?: StoredChunk['stream'] | undefined;
  /** How many bytes (of that stream) to leave out at the start. */
  readonly offset?: number | undefined;
  /** Ends with this attempt. Default: with the job. */
  readonly attempt?: number | undefined;
}

/** The output of a job that is followed, byte for byte. Returns how it ended. */
export async function* liveBytes(
  followed: AsyncIterable<Followed>,
  { stream, offset = 0, attempt }: LiveRange = {},
): AsyncGenerator<Buffer, FollowEnd> {
  let toSkip = offset;
  for await (const item of followed) {
    if (item.kind === 'end') return item;
    if (item.kind === 'attempt-over' && item.attempt === attempt) {
      return { kind: 'end', end: 'finished', record: item.record };
    }
    if (item.kind !== 'output') continue;
    // Chunk by chunk, without a copy: all followers of a job share them.
    for (const chunk of item.chunks) {
      if (stream !== undefined && chunk.stream !== stream) continue;
      const rest = chunk.data.subarray(toSkip);
      toSkip -= chunk.data.length - rest.length;
      if (rest.length > 0) yield rest;
    }
  }
  throw new Error('what follows a job always says how it ended');
}
