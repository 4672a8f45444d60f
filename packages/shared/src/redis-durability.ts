import type { Redis } from 'ioredis';

/**
 * Why this Redis could lose an accepted job; null when it could not. Promise P1 rests on it.
 * Reads INFO, not CONFIG: a restricted or managed Redis allows only the former.
 */
export async function durabilityFault(redis: Redis): Promise<string | null> {
  const [memory, persistence] = await Promise.all([
    redis.info('memory'),
    redis.info('persistence'),
  ]);
  const policy = infoField(memory, 'maxmemory_policy');
  if (policy !== 'noeviction') {
    return `Redis may evict jobs: its maxmemory-policy is ${policy}; set it to noeviction.`;
  }
  if (infoField(persistence, 'aof_enabled') !== '1') {
    return 'Redis would lose jobs at a restart: it has no append-only file; set appendonly to yes.';
  }
  return null;
}

function infoField(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
}
