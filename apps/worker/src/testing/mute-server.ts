import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { tempFolder } from '@conjob/testkit';

/** Accepts connections on a unix socket, and says nothing. */
export async function startMuteServer() {
  const folder = tempFolder();
  const socketPath = join(folder.path, 'mute.sock');
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => {
    server.listen(socketPath, resolve);
  });
  return {
    socketPath,
    get open() {
      return open.size;
    },
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      folder.remove();
    },
  };
}
