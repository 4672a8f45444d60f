import { startTestRedis, type TestRedis, until } from '@conjob/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HandWorker, startHandWorker } from '../testing/hand-worker.ts';
import { readLive } from '../testing/live-client.ts';
import { LOGINS, makeToken, OPERATOR } from '../testing/logins.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let server: TestRedis;
let api: TestApi;
let worker: HandWorker;
beforeAll(async () => {
  server = await startTestRedis({ appendOnly: true });
  api = await startTestApi(LOGINS, server);
  worker = startHandWorker(server.url);
});
afterAll(async () => {
  await worker?.close();
  await api?.close();
  await server?.stop();
});

const live = (token: string, path: string) =>
  readLive(`${api.api.url}${path}`, { Authorization: `Bearer ${token}` });
const revoke = (name: string) =>
  api.callAdmin(`/tokens/${name}`, { method: 'DELETE', ...OPERATOR });

test('answers that are under way end soon after their token was revoked, and no others', async () => {
  const leaked = await makeToken(api, 'name=leaked&role=submit');
  const fine = await makeToken(api, 'name=fine&role=submit');
  const run = live(leaked, '/job/run?image=any&stream=true');
  const claim = await worker.take();
  await worker.attempts.advance(claim, 'started', 'running');
  const print = (text: string) =>
    worker.attempts.appendOutput(claim, [{ stream: 'stdout', data: Buffer.from(text) }]);
  const followed = live(leaked, `/jobs/${claim.id}/output?follow=true`);
  const events = live(leaked, `/jobs/${claim.id}/events`);
  const waiting = live(leaked, `/jobs/${claim.id}?wait=300`);
  const other = live(fine, `/jobs/${claim.id}/output?follow=true`);
  await print('before ');
  const shown = [run, followed, events, other];
  await until(() => shown.every(({ text }) => text.includes('before')));

  expect((await revoke('leaked')).status).toBe(204);
  const ends = await Promise.all([run, followed, events, waiting].map(({ ended }) => ended));
  expect(ends).toEqual(Array(4).fill('broken off'));
  await print('after');
  await worker.finish(claim);
  expect(await other.ended).toBe('whole');
  expect(other.text).toBe('before after');
  for (const { text } of [run, followed, events, waiting]) expect(text).not.toContain('after');
  const why = api.logs.filter(({ reason }) => String(reason).includes('revoked'));
  expect(why).toHaveLength(4);
});
