import { BULL_PREFIX, connectPatient, disconnect, keys, RUN_QUEUE } from '@conjob/shared';

type Redis = ReturnType<typeof connectPatient>;

/** Gives `use` a connection of its own. */
export async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = connectPatient(url);
  try {
    return await use(redis);
  } finally {
    await disconnect(redis);
  }
}

export async function usedMemoryBytes(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
}

/** What grows with jobs that wait or run, and is empty when none does. */
const OF_UNFINISHED_JOBS = [
  keys.adding,
  keys.leases,
  keys.syncRuns,
  keys.queueDeadlines,
  ...['wait', 'active', 'prioritized', 'delayed'].map(
    (type) => `${BULL_PREFIX}:${RUN_QUEUE}:${type}`,
  ),
];

/** Keys of jobs that are still unfinished, though no client waits for one any more. */
export async function leftOver(redis: Redis): Promise<string[]> {
  const there = await Promise.all(OF_UNFINISHED_JOBS.map((key) => redis.exists(key)));
  return OF_UNFINISHED_JOBS.filter((_, index) => there[index] === 1);
}
