import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const AT_A_TIME = 100;

/** Requests whose answers go on and on: what comes is thrown away. */
export interface HeldRequests {
  close(): Promise<void>;
}

/** Sends a request for each path on a connection of its own; returns when each answer has begun. */
export async function holdRequests(url: string, paths: readonly string[]): Promise<HeldRequests> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  const hold = async (path: string): Promise<void> => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    sockets.push(socket);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    const [head] = (await once(socket, 'data')) as [Buffer];
    if (!head.toString('latin1').startsWith('HTTP/1.1 200')) throw new Error(String(head));
    socket.resume();
  };
  for (let from = 0; from < paths.length; from += AT_A_TIME) {
    await Promise.all(paths.slice(from, from + AT_A_TIME).map(hold));
  }
  return {
    async close() {
      const closed = sockets.map((socket) => socket.destroyed || once(socket, 'close'));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}
