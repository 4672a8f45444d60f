import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { JobRecord, StoredChunk } from '@conjob/shared';
import { type EventCursor, formatEventId } from './event-id.ts';
import { eventText, HEARTBEAT, retryText } from './event-text.ts';
import type { FollowEnd, Followed } from './follow-job.ts';
import { cutBetweenCharacters } from './utf8-pieces.ts';

/** A job as its events tell it. */
export type ShowJob = (record: JobRecord) => Promise<object>;

const STREAMS = ['stdout', 'stderr'] as const;

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
    const begun = this.#cursor.held[stream];
    const bytes = begun.length === 0 ? data : Buffer.concat([begun, data]);
    const { ready, held } = cutBetweenCharacters(bytes);
    // Its rest is what comes next of this stream, whatever comes of the other one in between.
    const next = { attempt, position, held: { ...this.#cursor.held, [stream]: held } };
    if (ready.length > 0) {
      return this.#event('output', { attempt, stream, ...content(ready) }, next);
    }
    this.#cursor = { ...this.#cursor, ...next };
    return '';
  }

  /** A character whose rest never came is no text. */
  #tellHeld(attempt: number): string {
    return STREAMS.map((stream) => {
      const bytes = this.#cursor.held[stream];
      if (bytes.length === 0) return '';
      const held = { ...this.#cursor.held, [stream]: Buffer.alloc(0) };
      return this.#event('output', { attempt, stream, ...content(bytes) }, { held });
    }).join('');
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
