import { connectPatient, createLogger, disconnect, FIRST_POSITION } from '@conjob/shared';
import { startFaultProxy, startTestRedis, type TestRedis, until } from '@conjob/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { withRedis } from '../testing/test-api.ts';
import { OutputHub } from './output-hub.ts';

let server: TestRedis;
let writer: Redis;
beforeAll(async () => {
  server = await startTestRedis({ listen: 'tcp' });
  writer = connectPatient(server.url);
});
afterAll(async () => {
  await disconnect(writer);
  await server.stop();
});

/** So that only notices have it read. */
const NEVER_MS = 3_600_000;

function startHub({ lookMs = NEVER_MS, url = server.url } = {}): OutputHub {
  const logger = createLogger({ name: 'test', level: 'silent' });
  const redis = connectPatient(url).on('error', () => {});
  const hub = new OutputHub({ redis, logger, lookMs });
  const running = hub.run();
  onTestFinished(async () => {
    hub.stop();
    await disconnect(redis);
    await running;
  });
  return hub;
}

let made = 0;
/** The name of a stream that nobody has written yet. */
function newStream(): string {
  made += 1;
  return `{conjob}:output:job-${made}:1`;
}

/** What a listener of the stream was told. */
function follow(hub: OutputHub, key: string, after = FIRST_POSITION) {
  const told: string[] = [];
  const { end } = hub.subscribe(key, after, (chunks) => {
    for (const { data } of chunks) told.push(String(data));
  });
  return { told, end };
}

const store = async (key: string, text: string): Promise<string> =>
  (await writer.xadd(key, '*', 's', '1', 'd', text)) ?? '';

/** As a worker does it. */
async function write(key: string, text: string): Promise<void> {
  await writer.publish(key, await store(key, text));
}

/** How many of these streams somebody listens for. */
const listenedFor = async (...keys: string[]): Promise<number> => {
  const all = await withRedis(server, (redis) => redis.pubsub('CHANNELS'));
  return keys.filter((key) => (all as string[]).includes(key)).length;
};

/** The streams that each read names, from now on. */
async function watchReads(): Promise<string[][]> {
  const reads: string[][] = [];
  const monitor = await new Redis(server.url).monitor();
  onTestFinished(() => disconnect(monitor));
  monitor.on('monitor', (_time, args: string[]) => {
    if (/^xread$/i.test(args[0] ?? '')) reads.push(args.filter((arg) => arg.startsWith('{')));
  });
  return reads;
}

test('asks for the stream of the job that wrote, and for no other', async () => {
  const hub = startHub();
  const keys = Array.from({ length: 50 }, newStream);
  const followed = keys.map((key) => follow(hub, key));
  for (const key of keys) await write(key, 'hello');
  await until(() => followed.every(({ told }) => told.length === 1));
  const reads = await watchReads();
  const [key = ''] = keys;
  for (let number = 1; number <= 5; number += 1) {
    await write(key, String(number));
    await until(() => followed[0]?.told.length === number + 1);
  }
  expect(followed[0]?.told).toEqual(['hello', '1', '2', '3', '4', '5']);
  await until(() => reads.length >= 5);
  expect(reads).toEqual(Array.from({ length: 5 }, () => [key]));
});

test('reads nothing for a notice of what it has read already', async () => {
  const hub = startHub();
  const [key, other] = [newStream(), newStream()];
  const [first, second] = [follow(hub, key), follow(hub, other)];
  const known = await store(key, 'known');
  await writer.publish(key, known);
  await write(other, 'known as well');
  await until(() => first.told.length + second.told.length === 2);
  const reads = await watchReads();
  await writer.publish(key, known);
  await write(other, 'new');
  await until(() => second.told.length === 2);
  await until(() => reads.length > 0);
  expect(reads).toEqual([[other]]);
});

test('tells each chunk once and in order, of more streams than one read asks for', async () => {
  const hub = startHub();
  const keys = Array.from({ length: 300 }, newStream);
  const followed = keys.map((key) => follow(hub, key));
  const texts = Array.from({ length: 20 }, (_, number) => String(number));
  for (const text of texts) await Promise.all(keys.map((key) => write(key, text)));
  await until(() => followed.every(({ told }) => told.length >= texts.length));
  for (const { told } of followed) expect(told).toEqual(texts);
});

test('reads what was stored before it was subscribed to, though there is no notice of it', async () => {
  const hub = startHub();
  const key = newStream();
  const first = await store(key, 'known');
  await store(key, 'not known');
  const { told } = follow(hub, key, first);
  await until(() => told.length > 0);
  expect(told).toEqual(['not known']);
});

test('reads everything once more after its connection came back, and hears of what is next', async () => {
  const { hostname: host, port: redisPort } = new URL(server.url);
  const proxy = await startFaultProxy({ target: { host, port: Number(redisPort) } });
  onTestFinished(() => proxy.stop());
  const { port } = proxy.address as { port: number };
  const hub = startHub({ url: `redis://127.0.0.1:${port}` });
  const keys = [newStream(), newStream()];
  const followed = keys.map((key) => follow(hub, key));
  const writeAll = (text: string) => Promise.all(keys.map((key) => write(key, text)));
  await until(async () => (await listenedFor(...keys)) === 2);
  await writeAll('before');
  await until(() => followed.every(({ told }) => told.length === 1));
  await proxy.set('refuse');
  proxy.cut({ reset: true });
  await until(async () => (await listenedFor(...keys)) === 0);
  await writeAll('meanwhile');
  await proxy.set('pass');
  await until(() => followed.every(({ told }) => told.length === 2));
  await writeAll('after');
  await until(() => followed.every(({ told }) => told.length === 3));
  for (const { told } of followed) expect(told).toEqual(['before', 'meanwhile', 'after']);
});

test('finds by itself, a little later, what nobody gave notice of', async () => {
  const hub = startHub({ lookMs: 20 });
  const key = newStream();
  const { told } = follow(hub, key);
  await until(async () => (await listenedFor(key)) === 1);
  await store(key, 'of an older worker');
  await until(() => told.length === 1);
});

test('finds output by itself also where its user of Redis may not hear of it yet', async () => {
  const rights = ['on', '>pw', '~*', '+@all', 'resetchannels'];
  await withRedis(server, (redis) => redis.acl('SETUSER', 'older', ...rights));
  const hub = startHub({ url: server.url.replace('//', '//older:pw@'), lookMs: 20 });
  const key = newStream();
  const { told } = follow(hub, key);
  await write(key, 'one');
  await until(() => told.length === 1);
  await write(key, 'two');
  await until(() => told.length === 2);
  expect(await listenedFor(key)).toBe(0);
});

test('listens to no job that nobody follows any more', async () => {
  const hub = startHub();
  const key = newStream();
  const [first, second] = [follow(hub, key), follow(hub, key)];
  await until(async () => (await listenedFor(key)) === 1);
  first.end();
  await write(key, 'for the other');
  await until(() => second.told.length === 1);
  second.end();
  await until(async () => (await listenedFor(key)) === 0);
  expect(hub.size).toBe(0);
  const again = follow(hub, key);
  await until(() => again.told.length === 1);
  await write(key, 'once more');
  await until(() => again.told.length === 2);
});
