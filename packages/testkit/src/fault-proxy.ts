import {
  type AddressInfo,
  connect,
  createServer,
  type NetConnectOpts,
  type Server,
  type Socket,
} from 'node:net';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { tempFolder } from './temp-folder.ts';

/**
 * What happens to connections. `pass`, `delayMs`, `stall` and `blackhole` hold for open ones too,
 * from their next bytes on; `reset` and `refuse` for new ones.
 */
export type Fault =
  | 'pass'
  /** Accepts and swallows, both ways: a peer behind a broken link. */
  | 'blackhole'
  /** Keeps everything back, and delivers it afterwards: a link that loses packets, which are sent again. */
  | 'stall'
  /** Accepts, then breaks at once. */
  | 'reset'
  /** Does not listen: ECONNREFUSED, or ENOENT for a unix socket. */
  | 'refuse'
  /** Every chunk arrives this much later, each way. */
  | { readonly delayMs: number };

export interface FaultProxy {
  /** Where to connect to, for `net.connect`. */
  readonly address: { readonly port: number; readonly host: string } | { readonly path: string };
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Connections open now. */
  readonly open: number;
  set(fault: Fault): Promise<void>;
  /** Ends all open connections: with FIN, or with RST (TCP only) when `reset`. */
  cut(options?: { readonly reset?: boolean }): void;
  stop(): Promise<void>;
}

/** Stands between a client and a server and breaks what is between them, at the test's command. */
export async function startFaultProxy(options: {
  readonly target: NetConnectOpts;
  /** Default `tcp`, a free port of 127.0.0.1. */
  readonly listen?: 'tcp' | 'unix';
}): Promise<FaultProxy> {
  const folder = options.listen === 'unix' ? tempFolder() : undefined;
  const clients = new Set<Socket>();
  const upstreams = new Set<Socket>();
  let fault: Fault = 'pass';
  let accepted = 0;
  const stalled: (() => void)[] = [];
  const way: Way = { fault: () => fault, afterwards: (go) => stalled.push(go) };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    accepted += 1;
    if (fault === 'reset') return breakOff(client, true);
    const upstream = connect({ ...options.target, allowHalfOpen: true });
    track(clients, client);
    track(upstreams, upstream);
    link(client, upstream, way);
  });
  let address = await listen(
    server,
    folder === undefined
      ? { port: 0, host: '127.0.0.1' }
      : { path: join(folder.path, 'proxy.sock') },
  );
  return {
    address,
    get accepted() {
      return accepted;
    },
    get open() {
      return clients.size;
    },
    async set(next) {
      fault = next;
      if (next !== 'stall') for (const go of stalled.splice(0)) go();
      if (next === 'refuse') server.close();
      else if (!server.listening) address = await listen(server, address);
    },
    cut: ({ reset = false } = {}) => {
      for (const socket of [...clients, ...upstreams]) breakOff(socket, reset);
    },
    async stop() {
      for (const socket of [...clients, ...upstreams]) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      folder?.remove();
    },
  };
}

function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
}

/** What is between two sockets at this moment. */
interface Way {
  readonly fault: () => Fault;
  /** Calls `go` when what is stalled goes on. */
  readonly afterwards: (go: () => void) => void;
}

/** Passes bytes and endings both ways. A broken link delivers no ending: it goes silent. */
function link(client: Socket, upstream: Socket, way: Way): void {
  const ways = [
    [client, upstream],
    [upstream, client],
  ] as const;
  for (const [from, to] of ways) {
    const door = gate(way);
    from.pipe(door).pipe(to);
    from.on('error', () => {}); // its close follows
    from.on('close', () => {
      const ended = from.readableEnded; // then the ending is on its way, behind the last bytes
      if (ended || way.fault() === 'blackhole') return;
      if (way.fault() === 'stall') way.afterwards(() => door.end());
      else to.destroy();
    });
  }
}

/** Lets chunks through, late, or not at all. */
function gate({ fault, afterwards }: Way): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      const now = fault();
      if (typeof now === 'object') setTimeout(done, now.delayMs, null, chunk);
      else if (now === 'stall') afterwards(() => done(null, chunk));
      else if (now === 'blackhole') done();
      else done(null, chunk);
    },
    flush(done) {
      if (fault() === 'stall') afterwards(done);
      else if (fault() !== 'blackhole') done();
    },
  });
}

function breakOff(socket: Socket, reset: boolean): void {
  const isTcp = socket.remoteFamily !== undefined;
  if (reset && isTcp) socket.resetAndDestroy();
  else socket.destroy();
}

async function listen(
  server: Server,
  where: FaultProxy['address'],
): Promise<FaultProxy['address']> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(where, resolve);
  });
  const bound = server.address() as AddressInfo | string;
  return typeof bound === 'string' ? { path: bound } : { port: bound.port, host: '127.0.0.1' };
}
