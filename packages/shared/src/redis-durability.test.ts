import { startTestRedis } from '@conjob/testkit';
import type { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { connectPatient, disconnect } from './redis.ts';
import { durabilityFault } from './redis-durability.ts';

async function faultOf(
  appendOnly: boolean,
  prepare: (redis: Redis) => Promise<unknown> = async () => {},
): Promise<string | null> {
  const server = await startTestRedis({ appendOnly });
  const redis = connectPatient(server.url);
  try {
    await prepare(redis);
    return await durabilityFault(redis);
  } finally {
    await disconnect(redis);
    await server.stop();
  }
}

describe('a Redis', () => {
  test('that appends to a file and evicts nothing is durable', async () => {
    expect(await faultOf(true)).toBeNull();
  });

  test('without an append-only file is not', async () => {
    expect(await faultOf(false)).toMatch('appendonly');
  });

  test.each(['allkeys-lru', 'volatile-lru', 'volatile-ttl', 'allkeys-random'])(
    'that may evict by %s is not',
    async (policy) => {
      const fault = await faultOf(true, (redis) => redis.config('SET', 'maxmemory-policy', policy));
      expect(fault).toMatch(`maxmemory-policy is ${policy}`);
    },
  );

  test('is judged also where CONFIG is forbidden', async () => {
    const fault = await faultOf(true, async (redis) => {
      await redis.acl('SETUSER', 'default', '-config');
      await expect(redis.config('GET', 'appendonly')).rejects.toThrow('NOPERM');
    });
    expect(fault).toBeNull();
  });

  test('that is cut off while it is asked is an error, not a verdict', async () => {
    const server = await startTestRedis();
    const redis = connectPatient(server.url, { maxRetriesPerRequest: 0 });
    redis.on('error', () => {});
    await redis.ping();
    await server.stop();
    await expect(durabilityFault(redis)).rejects.toThrow();
    await disconnect(redis);
  });
});
