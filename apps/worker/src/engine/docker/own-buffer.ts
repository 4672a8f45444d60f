import { Agent as HttpAgent } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, finished } from 'node:stream';

/** Enough for most jobs: what is never needed costs time to get, and to be rid of. */
const FIRST_READ_BYTES = 8 * 1024;
/** As much as the kernel keeps for a reader of a Unix socket, and a little more. */
const READ_BYTES = 256 * 1024;

/**
 * A connection that is read into one buffer, or, when that was full once, into one larger one, instead of into a new one each time: of a chatty container, most of the
 * time of the worker went into the collection of those. For the answer to one request that takes the connection over,
 * without TLS.
 */
export class OwnBuffer {
  /** To make the request with. */
  readonly agent: HttpAgent;
  /** A view of the buffer: what was read last, until it is taken. */
  #read: Buffer | undefined;
  #wake: (() => void) | undefined;

  constructor() {
    let socket: Socket | undefined;
    const callback = (bytes: number, buffer: Uint8Array): boolean => {
      const read = Buffer.from(buffer.buffer, buffer.byteOffset, bytes);
      if (bytes === FIRST_READ_BYTES) next = Buffer.allocUnsafeSlow(READ_BYTES);
      // The HTTP client listens as long as the answer is its own, and may keep what it hears.
      if (socket !== undefined && socket.listenerCount('data') > 0) {
        return socket.emit('data', Buffer.from(read));
      }
      this.#read = read;
      this.#wake?.();
      return false;
    };
    let next = Buffer.allocUnsafeSlow(FIRST_READ_BYTES);
    const onread = { buffer: () => next, callback };
    this.agent = new HttpAgent();
    const connect = this.agent.createConnection.bind(this.agent);
    this.agent.createConnection = (options, done) => {
      socket = connect(Object.assign(options, { onread }), done) as Socket;
      return socket;
    };
  }

  /** What comes on the connection that was taken over. Each piece is there until the next one is asked for. */
  async *reads(socket: Duplex): AsyncGenerator<Buffer> {
    let end: { readonly error: Error | null | undefined } | undefined;
    finished(socket, { writable: false }, (error) => {
      end = { error };
      this.#wake?.();
    });
    try {
      // What came in one piece with the head of the answer.
      const head = socket.read() as Buffer | null;
      if (head !== null) yield head;
      for (;;) {
        if (this.#read === undefined && end === undefined) {
          const { promise, resolve } = Promise.withResolvers<void>();
          this.#wake = resolve;
          socket.resume();
          await promise;
        }
        const read = this.#read;
        this.#read = undefined;
        if (read !== undefined) yield read;
        else if (end?.error) throw end.error;
        else if (end) return;
      }
    } finally {
      socket.destroy();
    }
  }
}
