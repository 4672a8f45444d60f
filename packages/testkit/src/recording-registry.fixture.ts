import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A registry that wants a login, has no image, and says which credentials each request brought. */
const server = createServer((req, res) => {
  console.log(`authorization ${req.headers.authorization ?? 'none'}`);
  const isKnown = req.headers.authorization !== undefined;
  if (!isKnown) res.setHeader('www-authenticate', 'Basic realm="recording"');
  // After a login it answers `/v2/`, and has nothing else.
  const isBase = req.url === '/v2/';
  const status = isKnown ? (isBase ? 200 : 404) : 401;
  const code = isKnown ? 'MANIFEST_UNKNOWN' : 'UNAUTHORIZED';
  const errors = [{ code, message: code.toLowerCase().replace('_', ' ') }];
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ errors }));
});

server.listen(0, '127.0.0.1', () => {
  console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
});
