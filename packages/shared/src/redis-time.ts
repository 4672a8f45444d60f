import type { Redis } from 'ioredis';

/** Milliseconds since the epoch, by the clock of Redis. */
export async function redisTime(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}
