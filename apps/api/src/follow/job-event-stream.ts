import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { JobRecord, StoredChunk } from '@conjob/shared';
import { type EventCursor, formatEventId } from './event-id.ts';
import { eventText, HEARTBEAT, retryText } from './event-text.ts';
import type { FollowEnd, Followed } from './follow-job.ts';
import { cutBetweenCharacters } from './utf8-pieces.ts';

/** A job as its events tell it. */
export type ShowJob = (record: JobRecord) => Promise<object>;

/** Others can take over at once. */
const RETRY_MS = 1000;

/** What is told of a job, as server-sent events after a cursor. */
export async function* jobEventStream(
  followed: AsyncIterable<Followed>,
  start: EventCursor,
  show: ShowJob,
): AsyncGenerator<Buffer, FollowEnd> {
  const teller = new Teller(start, show);
  for await (const item of followed) {
    const text = await teller.tell(item);
    if (text !== '') yield Buffer.from(text);
    if (item.kind === 'end') return item;
  }
  throw new Error('what follows a job always says how it ended');
}

class Teller {
  readonly #show: ShowJob;
  #cursor: EventCursor;

  constructor(start: EventCursor, show: ShowJob) {
    this.#cursor = start;
    this.#show = show;
  }

  async tell(item: Followed): Promise<string> {
    switch (item.kind) {
      case 'record':
        // That it has finished is told after all of its output.
        return item.record.state === 'finished' ? '' : this.#state(await this.#show(item.record));
      case 'output':
        return item.chunks.map((chunk) => this.#output(item.attempt, chunk)).join('');
      case 'attempt-over':
        return this.#tellHeld(item.attempt);
      case 'idle':
        return HEARTBEAT;
      case 'end':
        return this.#end(item);
      default:
        return item satisfies never;
    }
  }

  #state(job: object): string {
    const state = tagOf(job);
    return state === this.#cursor.state ? '' : this.#event('state', job, { state });
  }

  #output(attempt: number, { position, stream, data }: StoredChunk): string {
    // In the order of arrival: what is held of the other stream comes before this.
    const before = this.#cursor.held?.stream === stream ? '' : this.#tellHeld(attempt);
    const begun = this.#cursor.held?.bytes;
    const bytes = begun === undefined ? data : Buffer.concat([begun, data]);
    const { ready, held } = cutBetweenCharacters(bytes);
    const next = { attempt, position, held: held.length === 0 ? null : { stream, bytes: held } };
    if (ready.length > 0) {
      return before + this.#event('output', { attempt, stream, ...content(ready) }, next);
    }
    this.#cursor = { ...this.#cursor, ...next };
    return before;
  }

  /** A character whose rest did not come next is no text. */
  #tellHeld(attempt: number): string {
    const { held } = this.#cursor;
    if (held === null) return '';
    const output = { attempt, stream: held.stream, ...content(held.bytes) };
    return this.#event('output', output, { held: null });
  }

  async #end({ end, record }: FollowEnd): Promise<string> {
    if (end === 'closing') return retryText(RETRY_MS, 'this server shuts down, others go on');
    if (end === 'missing') {
      return this.#event('gone', { message: 'The job is no longer kept.' }, { isEnd: true });
    }
    if (end !== 'finished' || record === null) return '';
    const job = await this.#show(record);
    return this.#state(job) + this.#event('end', job, { isEnd: true });
  }

  #event(event: string, data: object, next: Partial<EventCursor>): string {
    this.#cursor = { ...this.#cursor, ...next };
    return eventText(event, formatEventId(this.#cursor), data);
  }
}

function content(bytes: Buffer): { text: string } | { base64: string } {
  return isUtf8(bytes) ? { text: bytes.toString() } : { base64: bytes.toString('base64') };
}

function tagOf(job: object): string {
  return createHash('sha256').update(JSON.stringify(job)).digest('base64url').slice(0, 8);
}
