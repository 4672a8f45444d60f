import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { createLogger } from '@conjob/shared';
import { until } from '@conjob/testkit';
import express from 'express';
import { afterEach, expect, test } from 'vitest';
import { answerErrors } from '../middleware/answer-errors.ts';
import { requestLog } from '../middleware/request-log.ts';
import { cutOffStalledClients } from '../middleware/stalled-clients.ts';
import { undescribedAnswers } from '../testing/described-answers.ts';
import { call } from '../testing/http-client.ts';
import { LISTEN_OPTIONS } from '../testing/listen-options.ts';
import { closeServer, listen, urlOf } from './listen.ts';
import { sendChunks } from './send-chunks.ts';

const logs: Record<string, unknown>[] = [];
const logger = createLogger({
  name: 'test',
  level: 'info',
  destination: { write: (line) => void logs.push(JSON.parse(line)) },
});

const closers: (() => Promise<void>)[] = [];
// Its path is none of the API's.
afterEach(undescribedAnswers);
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(
  chunks: () => AsyncGenerator<Buffer>,
  stalledAfterMs = 60_000,
): Promise<string> {
  const app = express();
  app.use(requestLog(logger), cutOffStalledClients(stalledAfterMs));
  app.get('/', (_req, res) => sendChunks(res, chunks()));
  app.use(answerErrors);
  const server = await listen(app, { host: '127.0.0.1', port: 0 }, LISTEN_OPTIONS);
  closers.push(() => closeServer(server, { graceMs: 0, answerWaiters: () => {} }));
  return urlOf(server);
}

test('sends all chunks in order', async () => {
  const url = await serve(async function* () {
    for (const text of ['a', 'b', 'c']) yield Buffer.from(text);
  });
  expect((await call(url)).text).toBe('abc');
});

test('sends an empty body for no chunk at all', async () => {
  const url = await serve(async function* () {});
  expect(await call(url)).toMatchObject({ status: 200, text: '' });
});

test('a source that fails at once is answered with an error', async () => {
  const url = await serve(() => {
    throw new Error('Connection is closed.');
  });
  expect((await call(url)).json).toMatchObject({ status: 503, code: 'redis.unavailable' });
});

test('a source that fails before much has come is answered with an error', async () => {
  const url = await serve(async function* () {
    yield Buffer.from('part');
    throw new Error('Connection is closed.');
  });
  expect((await call(url)).json).toMatchObject({ status: 503, code: 'redis.unavailable' });
});

test('a source that fails midway breaks the connection, so that nobody takes it for whole', async () => {
  const url = await serve(async function* () {
    yield Buffer.alloc(64 * 1024);
    yield Buffer.from('more than is sent in one piece');
    yield Buffer.from('the last before the end');
    await turn();
    throw new Error('Connection is closed.');
  });
  await expect(call(url)).rejects.toThrow('aborted');
});

test('the source is let go when the client leaves, and runs no further ahead than buffers hold', async () => {
  let sent = 0;
  let released = false;
  const url = await serve(async function* () {
    try {
      for (;;) {
        yield Buffer.alloc(64 * 1024);
        sent += 1;
        await turn();
      }
    } finally {
      released = true;
    }
  });
  const client = new AbortController();
  const answer = call(url, { signal: client.signal, onResponse: (response) => response.pause() });
  await until(() => sent > 0);
  // A client that does not read stops the source: what is on the way no longer grows.
  let before = -1;
  await until(async () => {
    const stalled = before === sent;
    before = sent;
    for (let n = 0; n < 50; n += 1) await turn();
    return stalled && before === sent;
  });
  client.abort();
  await expect(answer).rejects.toThrow();
  await until(() => released);
});

test('a client that stops reading is cut off, with one line in the log', async () => {
  let released = false;
  const url = await serve(async function* () {
    try {
      for (;;) yield Buffer.alloc(64 * 1024);
    } finally {
      released = true;
    }
  }, 100);
  logs.length = 0;
  const client = new AbortController();
  const answer = call(url, { signal: client.signal, onResponse: (response) => response.pause() });
  await until(() => released && logs.length > 0);
  client.abort();
  await expect(answer).rejects.toThrow();
  expect(logs).toEqual([
    expect.objectContaining({
      level: 40,
      msg: 'request abandoned',
      reason: 'the client took nothing for 0.1 s',
    }),
  ]);
});

test('a source that takes its time is no client that stopped reading', async () => {
  const url = await serve(async function* () {
    yield Buffer.alloc(100 * 1024, 'a');
    yield Buffer.from('b');
    await sleep(300);
    yield Buffer.from('c');
  }, 100);
  const { text } = await call(url);
  expect(text.slice(-3)).toBe('abc');
});
