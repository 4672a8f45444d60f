import { get } from 'node:http';
import { createParser, type EventSourceMessage } from 'eventsource-parser';

export interface EventsRead {
  readonly status: number;
  readonly events: readonly EventSourceMessage[];
  /** What an EventSource would send as Last-Event-ID. */
  readonly lastEventId: string | undefined;
  /** Whether the answer came to its end, and was not cut. */
  readonly isWhole: boolean;
}

export interface EventsCall {
  readonly lastEventId?: string | undefined;
  /** Breaks the connection when so much has come. */
  readonly cutAfterBytes?: number;
  /** Breaks the connection. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: EventSourceMessage) => void;
}

/** Reads events as an EventSource does, up to the end or the cut. */
export function readEvents(url: string, call: EventsCall = {}): Promise<EventsRead> {
  const { cutAfterBytes = Number.POSITIVE_INFINITY, signal } = call;
  let { lastEventId } = call;
  const events: EventSourceMessage[] = [];
  const parser = createParser({
    onEvent(event) {
      events.push(event);
      lastEventId = event.id ?? lastEventId;
      call.onEvent?.(event);
    },
  });
  const headers = { ...(lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }) };
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, agent: false, ...(signal && { signal }) });
    request.on('error', reject);
    request.on('response', (response) => {
      let left = cutAfterBytes;
      const decoder = new TextDecoder();
      const finish = () =>
        resolve({
          status: response.statusCode ?? 0,
          events,
          lastEventId,
          isWhole: response.complete,
        });
      response.on('data', (chunk: Buffer) => {
        parser.feed(decoder.decode(chunk.subarray(0, left), { stream: true }));
        left -= chunk.length;
        if (left <= 0) response.destroy();
      });
      response.on('error', () => {});
      response.on('close', finish);
    });
  });
}

export interface OutputTold {
  readonly attempt: number;
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Buffer;
  /** Not base64. */
  readonly isText: boolean;
}

/** The output that events tell. */
export function outputOf(events: readonly EventSourceMessage[]): OutputTold[] {
  return events
    .filter(({ event }) => event === 'output')
    .map(({ data }) => {
      const { attempt, stream, text, base64 } = JSON.parse(data);
      return {
        attempt,
        stream,
        bytes: Buffer.from(text ?? base64, text === undefined ? 'base64' : 'utf8'),
        isText: text !== undefined,
      };
    });
}
