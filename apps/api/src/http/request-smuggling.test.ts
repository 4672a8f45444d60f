import { until } from '@conjob/testkit';
import { describe, expect, test } from 'vitest';
import { openRaw } from '../testing/raw-client.ts';
import { byImage } from '../testing/scripts.ts';
import { AMBIGUOUS, SMUGGLED_PATH } from '../testing/smuggling-corpus.ts';
import { useTestApi } from '../testing/test-api.ts';

const api = useTestApi(byImage, { REQUEST_TIMEOUT_SECONDS: '1', HEADERS_TIMEOUT_SECONDS: '1' });
const seen = (from = 0) => api.logs.slice(from).map(({ path }) => path);

/** What the server says, byte by byte, until it closes the connection. */
async function converse(bytes: string) {
  const client = openRaw(api.api.port);
  client.send(bytes);
  await client.closed;
  return client;
}

describe('on a raw socket', () => {
  test.each(AMBIGUOUS)(
    '$name: nothing is let through, and the connection ends',
    async ({ bytes }) => {
      const from = api.logs.length;
      const { statuses } = await converse(bytes);
      expect(statuses.length).toBeLessThanOrEqual(1);
      for (const status of statuses) expect([400, 405, 408, 413]).toContain(status);
      expect(seen(from)).not.toContain(SMUGGLED_PATH);
    },
  );

  test('no job came of any of them', async () => {
    expect((await api.call('/jobs')).json.jobs).toEqual([]);
  });
});

describe('what is not ambiguous', () => {
  const next = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';

  // The control of all that is above: a second request is seen where there is one.
  test.each([
    ['one request behind another', next],
    [
      'a body with its length',
      'POST /job/run?image=echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello',
    ],
    [
      'chunks with extensions and a trailer',
      'POST /job/run?image=echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a="b"\r\nhello\r\n0\r\nX: y\r\n\r\n',
    ],
    ['a URL in absolute form', 'GET http://x/livez HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a body that nobody reads', 'GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nGET '],
  ])('%s is answered, and so is what follows', async (_what, bytes) => {
    const client = openRaw(api.api.port);
    client.send(bytes + next);
    await until(() => client.statuses.length === 2 || client.isClosed);
    expect(client.statuses).toEqual([200, 200]);
    client.leave();
  });

  test('an upgrade that is not offered is answered as if nobody had asked for it', async () => {
    const client = openRaw(api.api.port);
    client.send('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    await until(() => client.statuses.length === 1);
    client.send(next);
    await until(() => client.statuses.length === 2);
    expect(client.statuses).toEqual([200, 200]);
    client.leave();
  });

  test('behind an error of its own, a connection goes on', async () => {
    const client = openRaw(api.api.port);
    client.send(`GET /jobs/none HTTP/1.1\r\nHost: x\r\n\r\n${next}`);
    await until(() => client.statuses.length === 2);
    expect(client.statuses).toEqual([404, 200]);
    client.leave();
  });
});

describe('a request whose body turns out to be none', () => {
  test.each([
    ['DELETE', (id: string) => `/jobs/${id}`],
    ['POST', (id: string) => `/jobs/${id}/cancel`],
  ])('%s %s has not been carried out', async (method, path) => {
    const made = await api.call('/jobs?image=echo', {
      method: 'POST',
      headers: { Prefer: 'wait=9' },
    });
    const target = path(made.json.id);
    await converse(
      `${method} ${target} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nX`,
    );
    expect((await api.call(`/jobs/${made.json.id}`)).status).toBe(200);
  });

  test('on the admin port neither', async () => {
    const { port } = new URL(api.api.adminUrl);
    const client = openRaw(Number(port));
    client.send(
      'POST /tokens?name=x&role=admin HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nX',
    );
    await client.closed;
    expect((await api.callAdmin('/tokens')).json.tokens).toEqual([]);
  });
});
