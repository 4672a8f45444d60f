import { randomUUID } from 'node:crypto';
import { keys } from '@conjob/shared';
import type { Redis } from 'ioredis';

/** Tells apart ConJobs that share an engine: random, and the same for all workers of one Redis. */
export async function installationId(redis: Redis): Promise<string> {
  const mine = randomUUID();
  const taken = await redis.set(keys.installation, mine, 'NX', 'GET');
  return taken ?? mine;
}
