import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OwnBuffer } from './own-buffer.ts';

const MEBIBYTE = 1024 * 1024;

let server: Server;
/** What the server does with a connection that is taken over. */
let serve: (socket: Duplex) => unknown;
const served: Duplex[] = [];

beforeEach(async () => {
  server = createServer((_, response) => response.writeHead(404).end('x'.repeat(100_000)));
  server.on('upgrade', (_, socket) => {
    socket.on('error', () => {});
    served.push(socket);
    serve(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => {
  for (const socket of served.splice(0)) socket.destroy();
  server.close();
});

const HEAD = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';

async function take() {
  const { port } = server.address() as AddressInfo;
  const ownBuffer = new OwnBuffer();
  const headers = { Connection: 'Upgrade', Upgrade: 'tcp' };
  const { agent } = ownBuffer;
  const asked = request({ host: '127.0.0.1', port, agent, headers }).end();
  const [, socket, head] = (await once(asked, 'upgrade')) as [unknown, Duplex, Buffer];
  // As the client of the engine does.
  if (head.length > 0) socket.unshift(head);
  return { socket, reads: ownBuffer.reads(socket) };
}

describe('a connection that is read into one buffer', () => {
  test('brings every byte to a slow reader, those that came with the answer first', async () => {
    const bytes = randomBytes(8 * MEBIBYTE);
    serve = (socket) => socket.end(Buffer.concat([Buffer.from(HEAD), bytes]));
    const { reads } = await take();
    const received: Buffer[] = [];
    for await (const read of reads) {
      if (received.length % 16 === 0) await sleep(1);
      received.push(Buffer.from(read));
    }
    expect(Buffer.concat(received).equals(bytes)).toBe(true);
  });

  test('leaves no buffers to be collected', async () => {
    const written = Buffer.alloc(MEBIBYTE);
    serve = async (socket) => {
      socket.write(HEAD);
      for (let n = 0; n < 64; n += 1) if (!socket.write(written)) await once(socket, 'drain');
      socket.end();
    };
    const { reads } = await take();
    const before = process.memoryUsage().arrayBuffers;
    let bytes = 0;
    let most = 0;
    let longest = 0;
    for await (const read of reads) {
      longest = Math.max(longest, read.length);
      bytes += read.length;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(bytes).toBe(64 * MEBIBYTE);
    expect(most).toBeLessThan(4 * MEBIBYTE);
    expect(longest).toBeGreaterThan(8 * 1024);
  });

  test('brings also what came before anybody read', async () => {
    serve = (socket) => {
      socket.write(HEAD);
      setTimeout(() => socket.end('late'), 5);
    };
    const { reads } = await take();
    await sleep(50);
    expect(String((await reads.next()).value)).toBe('late');
    expect((await reads.next()).done).toBe(true);
  });

  test('makes who writes wait while nobody reads', async () => {
    let written = 0;
    serve = (socket) => {
      socket.write(HEAD);
      const more = () => {
        do written += MEBIBYTE;
        while (written < 64 * MEBIBYTE && socket.write(Buffer.alloc(MEBIBYTE)));
      };
      socket.on('drain', more);
      more();
    };
    const { reads } = await take();
    await reads.next();
    await sleep(200);
    expect(written).toBeLessThan(32 * MEBIBYTE);
    await reads.return(undefined);
  });

  test('ends with an error when it is let go', async () => {
    serve = (socket) => socket.write(`${HEAD}begun`);
    const { socket, reads } = await take();
    await reads.next();
    const end = reads.next();
    socket.destroy();
    await expect(end).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  });

  test('leaves an answer that does not take it over to the HTTP client', async () => {
    const { port } = server.address() as AddressInfo;
    const { agent } = new OwnBuffer();
    const asked = request({ host: '127.0.0.1', port, agent }).end();
    const [response] = (await once(asked, 'response')) as [AsyncIterable<Buffer>];
    let length = 0;
    for await (const chunk of response) length += chunk.length;
    expect(length).toBe(100_000);
  });
});
