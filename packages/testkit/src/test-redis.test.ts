import { existsSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { startTestRedis } from './test-redis.ts';

test('keeps an append-only Redis its data through a crash, on the same address', async () => {
  const redis = await startTestRedis({ appendOnly: true });
  const before = new Redis(redis.target);
  before.on('error', () => {});
  await before.set('key', 'kept');
  before.disconnect();
  await redis.crash();
  await redis.restart();
  const after = new Redis(redis.target);
  expect(await after.get('key')).toBe('kept');
  after.disconnect();
  await redis.stop();
});

test('removes the files of a stopped Redis', async () => {
  const redis = await startTestRedis();
  expect(existsSync(redis.target)).toBe(true);
  await redis.stop();
  expect(existsSync(dirname(redis.target))).toBe(false);
});

test('keeps its files on a small disk where asked to', async () => {
  const redis = await startTestRedis({ appendOnly: true, diskBytes: 8 * 1024 * 1024 });
  const { bsize, blocks } = statfsSync(join(dirname(redis.target), 'redis'));
  expect(bsize * blocks).toBe(8 * 1024 * 1024);
  await redis.restart();
  await redis.stop();
  expect(existsSync(dirname(redis.target))).toBe(false);
});

test('listens on a port where asked to', async () => {
  const redis = await startTestRedis({ listen: 'tcp' });
  expect(redis.url).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
  const client = new Redis(redis.target);
  expect(await client.ping()).toBe('PONG');
  client.disconnect();
  await redis.stop();
});
