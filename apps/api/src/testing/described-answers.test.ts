import { createServer, get, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { undescribedAnswers } from './described-answers.ts';

/** What the server answers, as if it were ConJob. */
let answer: (res: ServerResponse) => void;
const server = createServer((_req, res) => {
  res.setHeader('X-B3-TraceId', '1'.repeat(32));
  answer(res);
});
const url = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => void server.close());
beforeEach(() => undescribedAnswers());

const CLIENTS = {
  fetch: async (path: string) => (await fetch(url(path), { keepalive: false })).text(),
  'node:http': (path: string) => {
    return new Promise<string>((resolve, reject) => {
      get(url(path), { agent: false }, (res) => void text(res).then(resolve, reject));
    });
  },
};
const json = (body: object) => (res: ServerResponse) => {
  res.setHeader('Content-Type', 'application/json').end(JSON.stringify(body));
};

test.each(Object.entries(CLIENTS))(
  'an answer to %s is held against the document',
  async (_, ask) => {
    answer = json({ live: true });
    expect(await ask('/livez?x')).toBe('{"live":true}');
    expect(await undescribedAnswers()).toEqual([]);

    const faults: [(res: ServerResponse) => void, ...string[]][] = [
      [json({ live: true, more: 1 }), 'get /livez: 200 ', '"more"'],
      [(res) => res.writeHead(418).end(), 'status 418 is not described'],
      [(res) => res.setHeader('Content-Type', 'text/html').end(), '200 as "text/html"'],
      [(res) => json({ live: true })(res.setHeader('X-Novelty', '1')), '200 with x-novelty'],
      [(res) => res.setHeader('Content-Type', 'application/json').end('{'), 'is no JSON: {'],
    ];
    for (const [wrong, ...said] of faults) {
      answer = wrong;
      await ask('/livez');
      const found = await undescribedAnswers();
      for (const part of said) expect(found).toContainEqual(expect.stringContaining(part));
    }
  },
);

test('each event is held against the document', async () => {
  const tell = (event: string, data: object) => {
    answer = (res) => {
      const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
      res.setHeader('Content-Type', 'text/event-stream').setHeader('Conjob-Job-Id', 'x').end(text);
    };
  };
  const ask = async () => {
    await CLIENTS.fetch('/jobs/x/events');
    return undescribedAnswers();
  };
  const output = { attempt: 1, stream: 'stdout', text: 'one' };
  tell('output', output);
  expect(await ask()).toEqual([]);
  tell('output', { ...output, more: 1 });
  expect(await ask()).toContainEqual(expect.stringMatching(/event output .*"more"/));
  tell('end', output);
  expect(await ask()).toContainEqual(expect.stringMatching(/event end .*"conclusion"/));
  tell('novelty', output);
  expect(await ask()).toEqual([expect.stringContaining('event novelty is not described')]);
});

test('what is no path of it has to be refused, as a problem', async () => {
  const ask = async (path: string) => {
    await CLIENTS.fetch(path);
    return undescribedAnswers();
  };
  answer = json({});
  expect(await ask('/nowhere')).toEqual([
    'get /nowhere is not described, and was answered with 200',
  ]);
  answer = (res) => res.writeHead(404, { 'Content-Type': 'text/html' }).end();
  expect(await ask('/nowhere')).toEqual(['get /nowhere: 404 as "text/html"']);
});

test('a stream is handed on as it comes, and one that is broken off is no fault', async () => {
  answer = (res) => void res.setHeader('Content-Type', 'text/plain').write('first');
  const abort = new AbortController();
  const { body } = await fetch(url('/jobs/x/output?follow=true'), { signal: abort.signal });
  const { value } = (await body?.getReader().read()) ?? {};
  expect(Buffer.from(value ?? []).toString()).toBe('first');
  abort.abort();
  answer = (res) => void res.setHeader('Content-Type', 'application/json').write('{');
  const { body: broken } = await fetch(url('/jobs'), { signal: AbortSignal.timeout(100) });
  await expect(
    broken
      ?.getReader()
      .read()
      .then(() => {}),
  ).resolves.toBeUndefined();
  server.closeAllConnections();
  expect(await undescribedAnswers()).toEqual([]);
});
