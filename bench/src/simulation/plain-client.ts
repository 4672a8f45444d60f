import { connect, type Socket } from 'node:net';

export interface PlainAnswer {
  readonly status: number;
  /** The status line and the headers, as they came. */
  readonly head: string;
  readonly body: string;
}

interface Connection {
  readonly socket: Socket;
  received: string;
  answer: PromiseWithResolvers<PlainAnswer> | undefined;
  /** When it had its last answer, in milliseconds. */
  idleSince: number;
}

/** Less than a server keeps a connection that says nothing: it could close it just when a request is on its way. */
const REUSED_WITHIN_MS = 30_000;

const HEAD_END = '\r\n\r\n';

/**
 * As much of an HTTP client as a load generator needs, for little CPU: connections that are kept, each with one
 * request at a time, and answers of a known length, in Latin 1. There are as many connections as requests at once.
 */
export class PlainClient {
  readonly #host: string;
  readonly #port: number;
  readonly #idle: Connection[] = [];
  readonly #open = new Set<Connection>();

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
  }

  /** Sends a request. Rejects when the connection breaks. */
  async send(
    method: 'GET' | 'POST',
    path: string,
    { json = '', waitSeconds }: { json?: string; waitSeconds?: number } = {},
  ): Promise<PlainAnswer> {
    const connection = this.#takeIdle() ?? (await this.#connect());
    connection.answer = Promise.withResolvers();
    const lines = [
      `${method} ${path} HTTP/1.1`,
      `Host: ${this.#host}`,
      `Content-Length: ${Buffer.byteLength(json)}`,
      ...(json === '' ? [] : ['Content-Type: application/json']),
      ...(waitSeconds === undefined ? [] : [`Prefer: wait=${waitSeconds}`]),
    ];
    connection.socket.write(`${lines.join('\r\n')}${HEAD_END}${json}`);
    return connection.answer.promise;
  }

  /** Resolves when all connections are closed. */
  async close(): Promise<void> {
    const closed = [...this.#open].map(
      ({ socket }) => new Promise((resolve) => socket.once('close', resolve)),
    );
    for (const { socket } of this.#open) socket.destroy();
    await Promise.all(closed);
  }

  #takeIdle(): Connection | undefined {
    const connection = this.#idle.pop();
    if (connection === undefined) return undefined;
    if (performance.now() - connection.idleSince < REUSED_WITHIN_MS) return connection;
    // All others have said nothing for longer.
    for (const { socket } of [connection, ...this.#idle.splice(0)]) socket.destroy();
    return undefined;
  }

  async #connect(): Promise<Connection> {
    const socket = connect(this.#port, this.#host);
    socket.setNoDelay(true).setEncoding('latin1');
    const connection: Connection = { socket, received: '', answer: undefined, idleSince: 0 };
    const opened = Promise.withResolvers<void>();
    this.#open.add(connection);
    socket.once('connect', () => opened.resolve());
    socket.on('data', (data: string) => this.#onData(connection, data));
    socket.on('error', (error) => {
      opened.reject(error);
      connection.answer?.reject(error);
    });
    socket.on('close', () => {
      this.#open.delete(connection);
      const place = this.#idle.indexOf(connection);
      if (place >= 0) this.#idle.splice(place, 1);
      connection.answer?.reject(new Error('the connection was closed before the answer'));
    });
    await opened.promise;
    return connection;
  }

  #onData(connection: Connection, data: string): void {
    connection.received += data;
    const { received } = connection;
    const headEnd = received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = received.slice(0, headEnd);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    const answer = connection.answer;
    if (Number.isNaN(length)) {
      connection.socket.destroy();
      answer?.reject(new Error(`an answer of no known length:\n${head}`));
      return;
    }
    const end = headEnd + HEAD_END.length + length;
    if (received.length < end) return;
    connection.received = '';
    connection.answer = undefined;
    connection.idleSince = performance.now();
    this.#idle.push(connection);
    const body = received.slice(headEnd + HEAD_END.length, end);
    answer?.resolve({ status: Number(head.slice(9, 12)), head, body });
  }
}
