import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

/** An answer that is seen while it comes. */
export interface LiveAnswer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly trailers: NodeJS.Dict<string>;
  /** Resolves when nothing more comes. */
  readonly ended: Promise<'whole' | 'broken off'>;
  /** Breaks the connection. */
  leave(): void;
  /** Takes nothing more of it for now. */
  pause(): LiveAnswer;
  resume(): void;
}

export function readLive(
  url: string,
  headers: Record<string, string> = {},
  method = 'GET',
): LiveAnswer {
  let response: IncomingMessage | undefined;
  let text = '';
  let isPaused = false;
  const { promise: ended, resolve } = Promise.withResolvers<'whole' | 'broken off'>();
  const outgoing = request(url, { method, headers, agent: false });
  outgoing.on('error', () => resolve('broken off'));
  outgoing.on('response', (incoming) => {
    response = incoming;
    incoming.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    if (isPaused) incoming.pause();
    incoming.on('error', () => {});
    incoming.on('close', () => resolve(incoming.complete ? 'whole' : 'broken off'));
  });
  outgoing.end();
  const answer: LiveAnswer = {
    get status() {
      return response?.statusCode;
    },
    get headers() {
      return response?.headers ?? {};
    },
    get text() {
      return text;
    },
    get trailers() {
      return response?.trailers ?? {};
    },
    ended,
    leave: () => void outgoing.destroy(),
    pause() {
      isPaused = true;
      response?.pause();
      return answer;
    },
    resume() {
      isPaused = false;
      response?.resume();
    },
  };
  return answer;
}
