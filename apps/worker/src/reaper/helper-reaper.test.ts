import { createLogger, disconnect, keys } from '@conjob/shared';
import { startTestRedis, type TestRedis } from '@conjob/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FakeEngine } from '../engine/fake/fake-engine.ts';
import { LABELS } from '../engine/labels.ts';
import { testContainer } from '../testing/specs.ts';
import { GRACE_MS } from './fate.ts';
import { HelperReaper } from './helper-reaper.ts';

const IMAGE = 'docker.io/library/shell:latest';
const logger = createLogger({ name: 'reaper', level: 'silent' });

let server: TestRedis;
let redis: Redis;
let engine: FakeEngine;
let reaper: HelperReaper;
let now: number;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.target);
});
afterAll(async () => {
  await disconnect(redis);
  await server.stop();
});
beforeEach(async () => {
  await redis.flushall();
  engine = new FakeEngine();
  engine.images.add(IMAGE);
  now = 0;
  reaper = new HelperReaper({ engine, redis, installation: 'test', logger, now: () => now });
});

const helper = () =>
  engine.helpers.start({
    name: 'held',
    labels: { [LABELS.helperOf]: 'test', [LABELS.worker]: 'one', [LABELS.network]: 'a' },
    network: 'none',
    volumes: [],
  });
const beat = async (sign: string): Promise<void> => {
  await redis.set(keys.workerName('one'), 'holder');
  await redis.set(keys.worker('one'), sign);
};
const isThere = async (id: string) => (await engine.inspect(id)) !== null;

describe('a helper', () => {
  test('is left to a worker that lives', async () => {
    const id = await helper();
    await beat('1');
    expect(await reaper.pass()).toBe(true);
    await beat('2');
    now += 10 * GRACE_MS;
    expect(await reaper.pass()).toBe(false);
    expect(await isThere(id)).toBe(true);
  });

  test('is removed when nobody has had the name of its worker for a while', async () => {
    const id = await helper();
    expect(await reaper.pass()).toBe(true);
    now += GRACE_MS - 1;
    expect(await reaper.pass()).toBe(true);
    expect(await isThere(id)).toBe(true);
    now += 1;
    expect(await reaper.pass()).toBe(false);
    expect(await isThere(id)).toBe(false);
  });

  test('is left while the container of a job is in it, and removed after that', async () => {
    const id = await helper();
    const labels = { [LABELS.installation]: 'test', [LABELS.network]: 'a' };
    const job = await engine.create(testContainer(IMAGE, ['sleep', '600'], { labels, joins: id }));
    await reaper.pass();
    now += 2 * GRACE_MS;
    expect(await reaper.pass()).toBe(true);
    expect(await isThere(id)).toBe(true);
    await engine.remove(job);
    expect(await reaper.pass()).toBe(false);
    expect(await isThere(id)).toBe(false);
  });

  test('without a network for jobs is removed also while a job runs in a network of its own', async () => {
    const owned = { [LABELS.helperOf]: 'test', [LABELS.worker]: 'one' };
    const probe = await engine.helpers.start({
      name: 'probe',
      labels: owned,
      network: 'none',
      volumes: [],
    });
    const labels = { [LABELS.installation]: 'test' };
    const job = await engine.create(testContainer(IMAGE, ['sleep', '600'], { labels }));
    await reaper.pass();
    now += GRACE_MS;
    expect(await reaper.pass()).toBe(false);
    expect([await isThere(probe), await isThere(job)]).toEqual([false, true]);
  });

  test('is left while Redis does not say who lives', async () => {
    const id = await helper();
    await reaper.pass();
    now += 2 * GRACE_MS;
    redis.disconnect();
    expect(await reaper.pass()).toBe(true);
    expect(await isThere(id)).toBe(true);
    await redis.connect();
  });

  test('counts as looked after only by what was seen since the signs were forgotten', async () => {
    await helper();
    await beat('1');
    await reaper.pass();
    await beat('2');
    expect(await reaper.pass()).toBe(false);
    reaper.forgetSigns();
    expect(await reaper.pass()).toBe(true);
  });
});
