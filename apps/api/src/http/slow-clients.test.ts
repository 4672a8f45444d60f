import { once } from 'node:events';
import { connect } from 'node:net';
import { until } from '@conjob/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { openRaw, type RawClient } from '../testing/raw-client.ts';
import { byImage } from '../testing/scripts.ts';
import { startTestApi, useTestApi } from '../testing/test-api.ts';

const LIMITS = {
  HEADERS_TIMEOUT_SECONDS: '1',
  REQUEST_TIMEOUT_SECONDS: '2',
  KEEP_ALIVE_SECONDS: '1',
};
const patient = useTestApi(byImage);
const strict = useTestApi(byImage, LIMITS);
let clients: RawClient[] = [];
afterEach(() => {
  for (const client of clients) client.leave();
  clients = [];
});

/** One who says this, and then no more. */
function say(port: number, bytes: string): RawClient {
  const client = openRaw(port);
  clients.push(client);
  if (bytes !== '') client.send(bytes);
  return client;
}

const POST = 'POST /job/run?image=echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n';
const SLOW: [string, string][] = [
  ['nothing', ''],
  ['half a request line', 'GET /li'],
  ['headers without an end', 'GET /livez HTTP/1.1\r\nHost: x\r\nX: '],
  ['a body without an end', `${POST}hello`],
  ['a chunk without an end', `${POST.replace(/Content.*/, 'Transfer-Encoding: chunked')}5\r\nhe`],
];

describe('who is too slow', () => {
  test.each(SLOW)('and says %s is answered with 408, and cut off', async (_what, bytes) => {
    const client = say(strict.api.port, bytes);
    await client.closed;
    expect(client.statuses).toEqual([408]);
    expect(client.text).toContain('request.timed_out');
  });

  test('but never says nothing is cut off too', async () => {
    const client = say(strict.api.port, 'GET /livez HTTP/1.1\r\nHost: x\r\n');
    const drip = setInterval(() => client.send('X: x\r\n'), 50);
    await client.closed;
    clearInterval(drip);
    expect(client.statuses).toEqual([408]);
  });

  test('to ask again is cut off without a word', async () => {
    const client = say(strict.api.port, 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.closed;
    expect(client.statuses).toEqual([200]);
  });

  test('is not who waits for an answer', async () => {
    const { id } = (await strict.call('/jobs?image=hang', { method: 'POST' })).json;
    const waiting = strict.call(`/jobs/${id}?wait=4`);
    expect((await waiting).status).toBe(200);
    await strict.call(`/jobs/${id}/cancel`, { method: 'POST' });
    await strict.call(`/jobs/${id}?wait=60`);
  });
});

test('200 slow clients cost the others nothing', async () => {
  const { port } = patient.api;
  const made = await patient.call('/job/run?image=large');
  const slow = SLOW.filter(([what]) => what !== 'nothing').map(([, bytes]) => bytes);
  // These have asked for 3 MiB, and read nothing of it.
  slow.push(`GET /jobs/${made.headers['conjob-job-id']}/output HTTP/1.1\r\nHost: x\r\n\r\n`);
  for (let n = 0; n < 200; n += 1) {
    const client = say(port, slow[n % slow.length] ?? '');
    if (n % slow.length === slow.length - 1) client.socket.pause();
  }
  await until(() => clients.every(({ socket }) => !socket.connecting));
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => patient.call(`/job/run?image=echo&arg=${n}`)),
  );
  expect(answers.map(({ text }) => text)).toEqual(answers.map((_, n) => String(n)));
  expect(clients.filter(({ isClosed }) => isClosed)).toEqual([]);
});

describe('more connections than may be', () => {
  test('are closed, those before them go on, and there is a place again when one has ended', async () => {
    const few = await startTestApi({ MAX_CONNECTIONS: '3' });
    const ask = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';
    try {
      const held = [1, 2, 3].map(() => say(few.api.port, ask));
      await until(() => held.every(({ statuses }) => statuses.length === 1));
      const over = say(few.api.port, ask);
      await over.closed;
      expect(over.statuses).toEqual([]);
      expect(few.logs.map(({ msg }) => msg)).toContain(
        'connections are refused: there are too many',
      );
      // Operators get in all the same.
      expect((await few.callAdmin('/ping')).status).toBe(200);
      for (const client of held) client.send(ask);
      await until(() => held.every(({ statuses }) => statuses.length === 2));
      held[0]?.leave();
      await until(async () => (await few.call('/livez').catch(() => null))?.status === 200);
    } finally {
      for (const client of clients) client.leave();
      await few.close();
    }
  });

  test.each([
    ['said nothing', ''],
    ['said what is no HTTP', 'nonsense\r\n\r\n'],
    ['wanted a tunnel', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('are not those whose client %s, and never closes its side', async (_what, bytes) => {
    const few = await startTestApi({ ...LIMITS, MAX_CONNECTIONS: '1' });
    const socket = connect({ port: few.api.port, host: '127.0.0.1', allowHalfOpen: true });
    try {
      socket.write(bytes);
      await once(socket.resume(), 'end');
      await until(async () => (await few.call('/livez').catch(() => null))?.status === 200);
    } finally {
      socket.destroy();
      await few.close();
    }
  });
});
