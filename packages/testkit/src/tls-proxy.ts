import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { makeCertificates } from './certificates.ts';
import { tempFolder } from './temp-folder.ts';

export interface TlsProxy {
  /** For DOCKER_HOST: `tcp://127.0.0.1:<port>`. */
  readonly dockerHost: string;
  readonly port: number;
  /** For DOCKER_CERT_PATH: holds ca.pem, cert.pem and key.pem. */
  readonly certPath: string;
  stop(): Promise<void>;
}

/**
 * Offers an engine's unix socket on a loopback port, with TLS and client certificates, as a
 * remote engine does. The engine itself stays in its own network.
 */
export async function startTlsProxy({
  socketPath,
}: {
  readonly socketPath: string;
}): Promise<TlsProxy> {
  const folder = tempFolder();
  await makeCertificates(folder.path);
  const pem = (name: string): Buffer => readFileSync(join(folder.path, name));
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer(
    {
      key: pem('server-key.pem'),
      cert: pem('server.pem'),
      ca: pem('ca.pem'),
      requestCert: true,
      rejectUnauthorized: true,
      allowHalfOpen: true, // a client that ends its input still wants the output
    },
    (client) => {
      const upstream = connect({ path: socketPath, allowHalfOpen: true });
      joinSockets(client, upstream);
      track(client);
      track(upstream);
    },
  );
  // One whose handshake was broken off would keep the server for two minutes.
  server.on('connection', track);
  server.on('tlsClientError', (_error, client) => client.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    dockerHost: `tcp://127.0.0.1:${port}`,
    certPath: folder.path,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      folder.remove();
    },
  };
}

/** Passes bytes both ways; when one side breaks, so does the other. */
function joinSockets(a: Socket, b: Socket): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroySoon());
  }
}
