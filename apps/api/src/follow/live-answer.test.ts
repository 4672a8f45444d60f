import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Response } from 'express';
import { onTestFinished, test } from 'vitest';
import type { FollowEnd } from './follow-job.ts';
import { sendLiveOutput } from './live-answer.ts';

async function* endsEarly(): AsyncGenerator<Buffer, FollowEnd> {
  yield Buffer.from('so far');
  return { kind: 'end', end: 'closing', record: null };
}

test('an answer that is broken off behind another one, on the same connection, ends that connection', async ({
  expect,
}) => {
  const first = Promise.withResolvers<ServerResponse>();
  const brokenOff = Promise.withResolvers<void>();
  const server = createServer((req, res) => {
    if (req.url === '/first') return first.resolve(res);
    void sendLiveOutput(res as Response, endsEarly()).then(() => brokenOff.resolve());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const all = text(client);
  for (const path of ['/first', '/second'])
    client.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await brokenOff.promise;
  (await first.promise).end('whole');
  expect(await all).toMatch(/\r\n\r\nwholeHTTP[\s\S]*\r\n6\r\nso far\r\n$/);
});
