import { connect, type Socket } from 'node:net';

/** A connection on which a test writes whatever it wants, proper or not. */
export interface RawClient {
  readonly socket: Socket;
  /** All that has come so far, byte by byte as characters. */
  readonly text: string;
  /** Statuses of the answers that have come, in order. */
  readonly statuses: readonly number[];
  readonly isClosed: boolean;
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>;
  send(bytes: string | Buffer): void;
  leave(): void;
}

export function openRaw(port: number): RawClient {
  let text = '';
  let isClosed = false;
  // The end of what the server says is not taken for a wish to say no more: it has to close by itself.
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const close = () => {
    isClosed = true;
    socket.destroy();
    resolve();
  };
  socket.on('data', (data: Buffer) => {
    text += data.toString('latin1');
  });
  // A reset is one way to close.
  socket.on('error', close).on('end', close).on('close', close);
  return {
    socket,
    get text() {
      return text;
    },
    get statuses() {
      return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
    },
    get isClosed() {
      return isClosed;
    },
    closed,
    send: (bytes) =>
      void socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes),
    leave: () => void socket.destroy(),
  };
}
