import { connect } from 'node:net';
import { until } from '@conjob/testkit';
import { expect, test } from 'vitest';
import { openRaw } from '../testing/raw-client.ts';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';

const api = useTestApi(byImage);

async function linesOf(traceId: string): Promise<Record<string, unknown>[]> {
  const lines = () => api.logs.filter((line) => line['traceId'] === traceId);
  await until(() => lines().length > 0);
  return lines();
}

test('a request is one line, without what may be secret', async () => {
  const answer = await api.call('/job/run?image=echo&arg=hush-query', {
    method: 'POST',
    headers: { Authorization: 'Basic hush-login', Cookie: 'hush-cookie' },
  });
  await api.call('/job/run?image=echo', { body: 'hush-body' });
  expect(await linesOf(answer.headers['x-b3-traceid'] as string)).toEqual([
    expect.objectContaining({
      level: 30,
      method: 'POST',
      path: '/job/run',
      status: 200,
      durationMs: expect.any(Number),
      job: answer.headers['conjob-job-id'],
      msg: 'request answered',
    }),
  ]);
  expect(JSON.stringify(api.logs)).not.toContain('hush');
});

test('a failed job is no error of the platform', async () => {
  const answer = await api.call('/job/run?image=broken');
  expect(answer.status).toBe(500);
  const [line] = await linesOf(answer.headers['x-b3-traceid'] as string);
  expect(line).toMatchObject({ level: 30, status: 500 });
  expect(line).not.toHaveProperty('err');
});

test('a client that leaves within its body is no fault of Redis', async () => {
  const before = api.logs.length;
  const client = openRaw(api.api.port);
  client.send('POST /jobs?image=echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf');
  // The headers have come when the answer to what was sent later has.
  await api.call('/livez');
  client.leave();
  const lines = () => api.logs.slice(before).filter(({ path }) => path === '/jobs');
  await until(() => lines().length > 0);
  expect(lines()).toEqual([expect.objectContaining({ level: 30, status: 400 })]);
  expect(lines()[0]).not.toHaveProperty('err');
});

test('probes are logged for debugging only', async () => {
  const answer = await api.call('/readyz');
  const [line] = await linesOf(answer.headers['x-b3-traceid'] as string);
  expect(line).toMatchObject({ level: 20, path: '/readyz' });
});

/** As bytes, which no client of ours would send: how the server began its answer. */
async function sendRaw(request: string): Promise<string> {
  const { hostname: host, port } = new URL(api.api.url);
  const socket = connect({ host, port: Number(port) });
  socket.end(Buffer.from(request, 'latin1'));
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer.split('\r\n', 1)[0] ?? '';
}

test.each([
  ['/x%0d%0a{"level":60}', '', 404],
  ['/x\x9b2J\xc2\x85', '', 400],
  ['/x', 'X-B3-TraceId: {"level":60}\r\n', 404],
  ['/x', 'X-B3-TraceId: \x9b2J\r\n', 404],
  ['/x', 'Authorization: Basic \x9b{"level":60}\r\n', 404],
  ['/jobs/%0a{"level":60}', '', 404],
  [`/${'x'.repeat(12_000)}`, '', 404],
])(
  'one request is one line of the level that it has, whatever it sends: %j %j',
  async (path, header, status) => {
    const before = api.logs.length;
    const start = await sendRaw(
      `GET ${path} HTTP/1.1\r\nHost: x\r\n${header}Connection: close\r\n\r\n`,
    );
    expect(start).toContain(` ${status} `);
    const lines = () => api.logs.slice(before).filter(({ msg }) => msg === 'request answered');
    // What the server does not take for a request is no line at all.
    await until(() => lines().length === (status === 400 ? 0 : 1));
    for (const line of lines()) {
      expect(line).toMatchObject({ level: 30, status });
      expect(JSON.stringify(line).length).toBeLessThan(16 * 1024);
    }
  },
);
