import { startTestRedis, type TestRedis, until } from '@conjob/testkit';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { keys } from './keys.ts';
import { connectPatient, disconnect } from './redis.ts';
import { redisTime } from './redis-time.ts';
import { type WorkerReport, Workers } from './workers.ts';

let server: TestRedis;
let redis: Redis;
let workers: Workers;
beforeAll(async () => {
  server = await startTestRedis();
  redis = connectPatient(server.url);
  workers = new Workers(redis);
});
beforeEach(async () => {
  await redis.flushall();
});
afterAll(async () => {
  await disconnect(redis);
  await server.stop();
});

function reportOf(name: string, fields: Partial<WorkerReport> = {}): WorkerReport {
  return {
    name,
    host: 'host',
    pid: 1,
    version: '1.0.0',
    recordVersion: 1,
    labels: { arch: 'arm64' },
    engine: { id: 'engine', version: '28' },
    slots: 2,
    running: 1,
    state: 'ready',
    reason: null,
    startedAt: 5,
    clockSkewMs: -3,
    ...fields,
  };
}

/** As a worker does with each sign of life; its name is held for so long from now on. */
async function giveSign(report: WorkerReport, heldForMs = 60_000): Promise<void> {
  const heartbeatAt = await redisTime(redis);
  await redis.zadd(keys.workers, heartbeatAt + heldForMs, report.name);
  await redis.set(keys.worker(report.name), JSON.stringify({ ...report, heartbeatAt }));
}

const states = async () => (await workers.list()).map(({ name, state }) => [name, state]);

describe('the list of workers', () => {
  test('is empty where there are none', async () => {
    expect(await workers.list()).toEqual([]);
    expect(await workers.find('nobody')).toBeNull();
  });

  test('has what each said of itself, and when, in the order of names', async () => {
    await giveSign(reportOf('b', { state: 'unready', reason: 'The engine is away.' }));
    await giveSign(reportOf('a'));
    const [a, b] = await workers.list();
    const heartbeatAt = expect.any(Number);
    expect(a).toEqual({ ...reportOf('a'), reported: 'ready', heartbeatAt });
    expect(b).toMatchObject({ name: 'b', state: 'unready', reason: 'The engine is away.' });
    expect(await workers.find('a')).toEqual(a);
    expect(await workers.find('A')).toBeNull();
  });

  test('has a worker without a sign of life as lost, with its last word', async () => {
    await giveSign(reportOf('silent', { state: 'draining', reason: 'asked' }), -1000);
    expect(await workers.list()).toMatchObject([
      { state: 'lost', reported: 'draining', reason: 'It gives no sign of life.', slots: 2 },
    ]);
    await workers.drain('silent', 'too late');
    expect(await states()).toEqual([['silent', 'lost']]);
  });

  test('leaves out one whose report is gone', async () => {
    await giveSign(reportOf('a'));
    await giveSign(reportOf('b'));
    await redis.del(keys.worker('a'));
    expect(await states()).toEqual([['b', 'ready']]);
  });
});

describe('to drain a worker', () => {
  test('shows at once, before the worker knows, and until it is resumed', async () => {
    await giveSign(reportOf('a'));
    await giveSign(reportOf('b'));
    await workers.drain('a', 'new kernel');
    expect(await workers.find('a')).toMatchObject({
      state: 'draining',
      reported: 'ready',
      reason: 'new kernel',
    });
    // As after a restart.
    await giveSign(reportOf('a'));
    expect(await states()).toEqual([
      ['a', 'draining'],
      ['b', 'ready'],
    ]);
    await workers.resume('a');
    expect(await workers.find('a')).toMatchObject({ state: 'ready', reason: null });
  });

  test('hides nothing that is worse', async () => {
    await giveSign(reportOf('a', { state: 'unready', reason: 'The disk is full.' }));
    await workers.drain('a', 'new kernel');
    expect(await workers.find('a')).toMatchObject({
      state: 'unready',
      reason: 'The disk is full.',
    });
  });

  test('keeps the latest reason', async () => {
    await giveSign(reportOf('a'));
    await workers.drain('a', 'first');
    await workers.drain('a', 'second');
    expect((await workers.find('a'))?.reason).toBe('second');
  });

  test('or resume it, is told by name', async () => {
    const listener = redis.duplicate();
    const heard: string[] = [];
    listener.on('message', (_channel, name) => heard.push(name));
    await listener.subscribe(keys.workerNews);
    await workers.drain('a', 'new kernel');
    await workers.resume('b');
    await until(() => heard.length === 2);
    expect(heard).toEqual(['a', 'b']);
    listener.disconnect();
  });
});
