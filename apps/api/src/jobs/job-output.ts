import { beginOutput, type JobRecord, readOutput, type StoredChunk } from '@conjob/shared';
import type { Redis } from 'ioredis';

export interface OutputRange {
  /** Default: all of them, one after the other. */
  readonly attempt?: number | undefined;
  /** Default: both, interleaved as they came. */
  readonly stream?: StoredChunk['stream'] | undefined;
  /** How many bytes (of that stream) to leave out at the start. */
  readonly offset?: number | undefined;
}

/** A chunk, or the rest of one of which the reader has the beginning. */
export type OutputPiece = Pick<StoredChunk, 'stream' | 'data'>;

/** The beginning of the output of a first attempt: mostly there is no other. Null when it could not be read. */
export type FirstOutput = Promise<StoredChunk[] | null>;

/** To be asked for together with the record, after it: if that says that the job has finished, this is what there is. */
export function firstOutput(redis: Redis, id: string): FirstOutput {
  return beginOutput(redis, id, 1).catch(() => null);
}

/**
 * The output of a job so far, in the order in which it was written. That of an attempt is complete before the next
 * one begins, so what was read once stays the beginning of it: see `liveBytes`, which counts in the same way.
 */
export async function* outputPieces(
  redis: Redis,
  { id, attempts }: Pick<JobRecord, 'id' | 'attempts'>,
  { attempt, stream, offset = 0 }: OutputRange = {},
  begun?: Promise<StoredChunk[]>,
): AsyncGenerator<OutputPiece> {
  const numbers = attempt === undefined ? attempts.map(({ number }) => number) : [attempt];
  let toSkip = offset;
  for (const number of numbers) {
    for await (const chunk of readOutput(redis, id, number, begun)) {
      if (stream !== undefined && chunk.stream !== stream) continue;
      const rest = chunk.data.subarray(toSkip);
      toSkip -= chunk.data.length - rest.length;
      if (rest.length > 0) yield { stream: chunk.stream, data: rest };
    }
  }
}

/** Both streams as one, byte for byte. */
export async function* bytesOf(pieces: AsyncIterable<OutputPiece>): AsyncGenerator<Buffer> {
  for await (const { data } of pieces) yield data;
}

/** The output that belongs to the result of a finished job: that of its last attempt. */
export async function* resultOutput(
  redis: Redis,
  record: JobRecord,
  first?: FirstOutput,
): AsyncGenerator<OutputPiece> {
  // A job that ended between two attempts has no output of its own, though its last attempt had some.
  if (record.attempts.length === 0 || record.result?.outputBytes === 0) return;
  const attempt = record.attempts.length;
  const page = attempt === 1 ? await first : null;
  yield* outputPieces(redis, record, { attempt }, page ? Promise.resolve(page) : undefined);
}
