import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';

const api = useTestApi(byImage);

async function send(bytes: string): Promise<string> {
  const socket = connect(api.api.port, '127.0.0.1');
  socket.write(bytes);
  return text(socket);
}

test.each([
  ['nonsense', 'nonsense\r\n\r\n'],
  ['an unknown method', 'BREW /jobs HTTP/1.1\r\nHost: x\r\n\r\n'],
  [
    'two lengths',
    'POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
  ],
  ['a TLS greeting', '\x16\x03\x01\x02\x00'],
])('%s is answered with a problem', async (_what, bytes) => {
  const [head = '', body = ''] = (await send(bytes)).split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(head).toContain('Content-Type: application/problem+json');
  expect(head).toMatch(/X-B3-TraceId: [0-9a-f]{32}/);
  expect(JSON.parse(body)).toMatchObject({ status: 400, code: 'request.malformed' });
});

test('who takes the server for a proxy is told that it is none', async () => {
  const answer = await send('CONNECT elsewhere:80 HTTP/1.1\r\nHost: elsewhere:80\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n/);
  expect(answer).toContain('\r\nAllow: GET, HEAD, POST, DELETE, OPTIONS\r\n');
  expect(answer).toContain('method.not_allowed');
});

test('a request that is cut off is told from what is none', async () => {
  const socket = connect({ port: api.api.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.end('POST /jobs?image=echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello');
  expect(await text(socket)).toContain('ended before all of it was there');
});

test('HTTP/1.0 works, also without Host', async () => {
  expect(await send('GET /livez HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 OK/);
});
