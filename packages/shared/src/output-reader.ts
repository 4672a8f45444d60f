import type { Redis } from 'ioredis';
import { notePassedOutput } from './buffer-garbage.ts';
import { keys } from './keys.ts';

export interface StoredChunk {
  /** Id of the stream entry: where to go on reading. */
  readonly position: string;
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/** Before the first entry of any stream. */
export const FIRST_POSITION = '0-0';

/** 64 entries of at most 16 KiB: two of these are in memory at a time. */
const PAGE = 64;

/** The kept output of one attempt, in the order in which it was written. `begun`: its {@link beginOutput}. */
export async function* readOutput(
  redis: Redis,
  id: string,
  attempt: number,
  begun: Promise<StoredChunk[]> = beginOutput(redis, id, attempt),
): AsyncGenerator<StoredChunk> {
  let page = await begun;
  let after = FIRST_POSITION;
  let wasAskedAhead = false;
  for (;;) {
    after = page.at(-1)?.position ?? after;
    const readNext = () => readOutputPage(redis, { id, attempt, after, limit: PAGE });
    const isFull = page.length === PAGE;
    // Redis and whoever reads work at the same time.
    const ahead = isFull ? readNext() : undefined;
    ahead?.catch(() => {});
    yield* page;
    if (!isFull && !wasAskedAhead) return;
    // What was asked for ahead lacks what was written since.
    page = await (ahead ?? readNext());
    wasAskedAhead = isFull;
  }
}

/** As much of the output of an attempt as is read at a time. */
export function beginOutput(redis: Redis, id: string, attempt: number): Promise<StoredChunk[]> {
  return readOutputPage(redis, { id, attempt, after: FIRST_POSITION, limit: PAGE });
}

export interface OutputPage {
  readonly id: string;
  readonly attempt: number;
  /** Position of the last chunk that was read already. */
  readonly after: string;
  readonly limit: number;
}

/** The next chunks of an attempt: fewer than `limit` when there are no more by now. */
export async function readOutputPage(
  redis: Redis,
  { id, attempt, after, limit }: OutputPage,
): Promise<StoredChunk[]> {
  const key = keys.output(id, attempt);
  const entries = await redis.xrangeBuffer(key, `(${after}`, '+', 'COUNT', limit);
  return entries.map(toStoredChunk);
}

/** An entry of an output stream. Fields are always written as: s, 1 or 2, d, bytes. */
export function toStoredChunk([position, fields]: [id: Buffer, fields: Buffer[]]): StoredChunk {
  const [, , , data = Buffer.alloc(0)] = fields;
  notePassedOutput(data.length);
  const stream = fields[1]?.toString() === '2' ? 'stderr' : 'stdout';
  return { position: position.toString(), stream, data };
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
