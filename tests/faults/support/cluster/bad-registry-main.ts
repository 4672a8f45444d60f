import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A registry that goes wrong in a way of its own for each image, as a process that can be started in the
 * network of an engine. Says where it listens, then each request.
 */
const ANSWERS: Readonly<Record<string, readonly [status: number, code: string]>> = {
  missing: [404, 'MANIFEST_UNKNOWN'],
  private: [401, 'UNAUTHORIZED'],
  broken: [500, 'UNKNOWN'],
  busy: [429, 'TOOMANYREQUESTS'],
};
const OTHERWISE = [404, 'NAME_UNKNOWN'] as const;

const server = createServer((req, res) => {
  const path = req.url ?? '';
  console.log(`${req.method} ${path}`);
  if (path === '/v2/') return void res.end('{}');
  const [, , image = ''] = path.split('/');
  if (image === 'stalled') return; // never answered
  const [status, code] = ANSWERS[image] ?? OTHERWISE;
  if (status === 401) res.setHeader('www-authenticate', 'Basic realm="faults"');
  const answer = { errors: [{ code, message: code.toLowerCase().replace('_', ' ') }] };
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
});

server.listen(0, '127.0.0.1', () => {
  console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
});
