import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tempFolder } from '@conjob/testkit';

/** What happens to one call of the Engine API. */
export type CallFault =
  /** It is answered 500, and never comes to the engine. */
  | 'error'
  /** The connection breaks before it comes to the engine. */
  | 'drop'
  /** The engine does it, and the connection breaks instead of its answer. */
  | 'lose'
  /** It comes to the engine a good deal later. */
  | 'late';

interface Plan {
  readonly fault: CallFault;
  /** 1: the next call that matches. */
  readonly nth: number;
  readonly matches: (call: string) => boolean;
  /** `POST /containers/create`, once a call was broken. */
  hit: string | null;
}

/** Stands before an engine and understands its API: breaks one call of many. */
export interface EngineFront {
  readonly url: string;
  /** Connections that the worker and its reaper have open now. */
  readonly open: number;
  /** Every call so far. */
  readonly calls: readonly string[];
  plan(fault: CallFault, nth: number, matches?: (call: string) => boolean): Plan;
  stop(): Promise<void>;
}

const LATE_MS = 1_500;

export async function startEngineFront(socketPath: string): Promise<EngineFront> {
  const folder = tempFolder();
  const path = join(folder.path, 'front.sock');
  const sockets = new Set<Socket>();
  const upstreams = new Set<Socket>();
  const calls: string[] = [];
  let plan: Plan | undefined;
  let left = 0;

  const faultOf = (req: IncomingMessage): CallFault | null => {
    const call = `${req.method} ${req.url?.split('?')[0]}`;
    calls.push(call);
    if (plan === undefined || plan.hit !== null || !plan.matches(call)) return null;
    left -= 1;
    if (left > 0) return null;
    plan.hit = call;
    return plan.fault;
  };
  const forward = (req: IncomingMessage) =>
    request({
      socketPath,
      method: req.method,
      path: req.url,
      headers: req.headers,
      agent: false,
    }).on('socket', (socket) => {
      upstreams.add(socket);
      socket.on('close', () => upstreams.delete(socket));
    });

  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const fault = faultOf(req);
    if (fault === 'drop') return void req.socket.destroy();
    if (fault === 'error') return void res.writeHead(500, ERROR.headers).end(ERROR.body);
    if (fault === 'late') await sleep(LATE_MS);
    const upstream = forward(req);
    upstream.on('error', () => req.socket.destroy());
    // Who calls has given up: the engine learns of it.
    res.on('close', () => upstream.destroy());
    upstream.on('response', (reply) => {
      if (fault === 'lose') {
        reply.resume();
        res.removeAllListeners('close');
        return req.socket.destroy();
      }
      res.writeHead(reply.statusCode ?? 0, reply.headers).flushHeaders();
      reply.on('error', () => req.socket.destroy());
      reply.pipe(res);
    });
    req.pipe(upstream);
  };

  /** An attachment: after the headers the connection belongs to both sides, byte for byte. */
  const answerUpgrade = async (req: IncomingMessage, socket: Socket, head: Buffer) => {
    const fault = faultOf(req);
    if (fault === 'drop') return void socket.destroy();
    if (fault === 'error') {
      return void socket.end(`${rawHead(500, 'Error', ERROR.headers)}${ERROR.body}`);
    }
    if (fault === 'late') await sleep(LATE_MS);
    const upstream = connect({ path: socketPath, allowHalfOpen: true });
    upstreams.add(upstream);
    upstream.on('close', () => upstreams.delete(upstream));
    upstream.write(`${req.method} ${req.url} HTTP/1.1\r\n${rawHeaders(req)}\r\n`);
    upstream.write(head);
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      from.on('error', () => {});
      from.on('close', () => to.destroySoon());
    }
    if (fault === 'lose') return void upstream.once('data', () => socket.destroy());
    socket.pipe(upstream);
    upstream.pipe(socket);
  };

  const server = createServer((req, res) => void answer(req, res));
  server.on('upgrade', (req, socket, head) => void answerUpgrade(req, socket as Socket, head));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    url: `unix://${path}`,
    calls,
    get open() {
      // An engine does not close its end of an attachment to a container that never started.
      return [...sockets].filter(({ readyState }) => readyState === 'open').length;
    },
    plan(fault, nth, matches = () => true) {
      left = nth;
      plan = { fault, nth, matches, hit: null };
      return plan;
    },
    async stop() {
      for (const socket of [...sockets, ...upstreams]) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      folder.remove();
    },
  };
}

const body = JSON.stringify({ message: 'broken on purpose' });
const ERROR = {
  body,
  headers: { 'content-type': 'application/json', 'content-length': body.length },
};

function rawHead(status: number, reason: string, headers: OutgoingHttpHeaders): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n`;
}

function rawHeaders({ rawHeaders: raw }: IncomingMessage): string {
  let text = '';
  for (let index = 0; index + 1 < raw.length; index += 2)
    text += `${raw[index]}: ${raw[index + 1]}\r\n`;
  return text;
}
