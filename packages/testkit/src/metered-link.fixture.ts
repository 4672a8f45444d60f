import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * A link to a server of 127.0.0.1, whose port is the argument. It lets through from there as many bytes as it was
 * told to, a number on each line of its input, and keeps the rest back.
 */
let allowed = 0;
let more = Promise.withResolvers<void>();

async function deliver(chunk: Buffer, client: Socket): Promise<void> {
  for (let sent = 0; sent < chunk.length; ) {
    while (allowed === 0) await more.promise;
    const piece = chunk.subarray(sent, sent + allowed);
    allowed -= piece.length;
    sent += piece.length;
    client.write(piece);
  }
}

const server = createServer((client) => {
  const upstream = connect({ host: '127.0.0.1', port: Number(process.argv[2]) });
  client.pipe(upstream).on('error', () => client.destroy());
  client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
  (async () => {
    for await (const chunk of upstream) await deliver(chunk, client);
    client.end();
  })().catch(() => client.destroy());
});

createInterface({ input: process.stdin })
  .on('line', (line) => {
    allowed += Number(line);
    more.resolve();
    more = Promise.withResolvers();
  })
  .on('close', () => process.exit());

server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
