import { startFaultProxy, startTestRedis, type TestRedis } from '@conjob/testkit';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { connectImpatient, connectPatient, disconnect } from './redis.ts';

let server: TestRedis;
const opened: Redis[] = [];

function open(redis: Redis): Redis {
  opened.push(redis);
  redis.on('error', () => {});
  return redis;
}

/** Errors may come before it: `once` of Node would reject. */
function event(redis: Redis, name: 'ready' | 'close' | 'reconnecting'): Promise<void> {
  return new Promise((resolve) => redis.once(name, () => resolve()));
}

beforeAll(async () => {
  server = await startTestRedis({ appendOnly: true });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map(disconnect));
});
afterAll(() => server.stop());

async function startProxy() {
  const proxy = await startFaultProxy({ target: { path: server.target } });
  onTestFinished(() => proxy.stop());
  return proxy;
}

function urlOf(proxy: Awaited<ReturnType<typeof startProxy>>): string {
  if (!('port' in proxy.address)) throw new Error('the proxy listens on no port');
  return `redis://127.0.0.1:${proxy.address.port}`;
}

describe('an impatient connection', () => {
  test('fails a command at once while Redis refuses connections', async () => {
    const redis = open(connectImpatient(`unix://${server.target}.none`));
    await expect(redis.get('key')).rejects.toThrow();
    await event(redis, 'reconnecting');
    await expect(redis.get('key')).rejects.toThrow();
  });

  test('fails what is under way when Redis goes away, and works when it is back', async () => {
    const proxy = await startProxy();
    const redis = open(connectImpatient(urlOf(proxy)));
    await event(redis, 'ready');
    await proxy.set('blackhole');
    const underWay = redis.get('key');
    const failed = expect(underWay).rejects.toThrow();
    await proxy.set('refuse');
    proxy.cut({ reset: true });
    await failed;
    await expect(redis.get('key')).rejects.toThrow();
    await proxy.set('pass');
    await event(redis, 'ready');
    expect(await redis.ping()).toBe('PONG');
  });

  test('gives up a command that a mute Redis does not answer', async () => {
    const proxy = await startProxy();
    const redis = open(connectImpatient(urlOf(proxy)));
    await event(redis, 'ready');
    await proxy.set('blackhole');
    await expect(redis.get('key')).rejects.toThrow('timed out');
  });

  test('keeps nobody else waiting for a mute Redis, and works when it speaks again', async () => {
    const proxy = await startProxy();
    const redis = open(connectImpatient(urlOf(proxy)));
    await event(redis, 'ready');
    await proxy.set('blackhole');
    const failed = expect(redis.get('key')).rejects.toThrow();
    await event(redis, 'close');
    await failed;
    // It connects, but hears nothing: still, this is not the time of a command.
    await expect(redis.get('key')).rejects.toThrow("Stream isn't writeable");
    proxy.cut();
    await proxy.set('pass');
    await event(redis, 'ready');
    expect(await redis.ping()).toBe('PONG');
  });
});

describe('a patient connection', () => {
  test('waits for Redis to come', async () => {
    const proxy = await startProxy();
    await proxy.set('refuse');
    const redis = open(connectPatient(urlOf(proxy)));
    const pong = redis.ping();
    await event(redis, 'reconnecting');
    await proxy.set('pass');
    expect(await pong).toBe('PONG');
  });

  test('carries its commands through a crash of Redis', async () => {
    const redis = open(connectPatient(server.url));
    await redis.set('key', 'before');
    const closed = event(redis, 'close');
    await server.crash();
    await closed;
    const written = redis.set('key', 'during');
    const read = redis.get('key');
    await event(redis, 'reconnecting');
    await server.restart();
    expect(await written).toBe('OK');
    expect(await read).toBe('during');
  });
});

describe('to disconnect', () => {
  test.each([
    ['connected', async (redis: Redis) => void (await redis.ping())],
    ['connecting', async () => {}],
    ['disconnected before', disconnect],
  ])('ends a connection that is %s', async (_state, prepare) => {
    const redis = open(connectPatient(server.url));
    await prepare(redis);
    await disconnect(redis);
    expect(redis.status).toBe('end');
  });

  test('ends the attempts to connect', async () => {
    const redis = open(connectPatient(`unix://${server.target}.none`));
    await event(redis, 'reconnecting');
    await disconnect(redis);
    expect(['end', 'reconnecting']).toContain(redis.status);
  });

  test('fails what still waits', async () => {
    const redis = open(connectPatient(`unix://${server.target}.none`));
    const waiting = redis.ping();
    const failed = expect(waiting).rejects.toThrow('Connection is closed');
    await disconnect(redis);
    await failed;
  });

  test('does not wait for ever for a mute Redis', async () => {
    const proxy = await startProxy();
    const redis = open(connectPatient(urlOf(proxy)));
    await redis.ping();
    await proxy.set('blackhole');
    await disconnect(redis);
    expect(redis.status).toBe('end');
  });
});

test('takes the address of a socket and of a port', async () => {
  const proxy = await startProxy();
  for (const url of [server.url, urlOf(proxy)]) {
    expect(await open(connectPatient(url)).ping()).toBe('PONG');
  }
});
