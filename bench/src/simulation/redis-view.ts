import { setTimeout as sleep } from 'node:timers/promises';
import { BULL_PREFIX, connectPatient, disconnect, keys, RUN_QUEUE } from '@conjob/shared';
import type { Simulation } from './start-simulation.ts';

const LOOK_MS = 5;
const SETTLED_WITHIN_MS = 10_000;

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

/** By how much the memory of Redis grew while `act` ran, in bytes. */
export async function memoryGrowth(url: string, act: () => Promise<void>): Promise<number> {
  return withRedis(url, async (redis) => {
    await redis.ping();
    const before = await usedMemoryBytes(redis);
    await act();
    return (await usedMemoryBytes(redis)) - before;
  });
}

async function usedMemoryBytes(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
}

/** Something for which Redis did nothing else, by the name that Redis has for it: `aof-fsync-always`, `command`, … */
export interface StandStill {
  readonly what: string;
  /** The longest of them. */
  readonly ms: number;
}

const NOTED_FROM_MS = 50;

/** From now on Redis notes when it stands still. */
export async function noteStandStills(redis: Redis): Promise<void> {
  await redis.config('SET', 'latency-monitor-threshold', NOTED_FROM_MS);
}

/** Since `noteStandStills`; the longest first. */
export async function standStills(redis: Redis): Promise<StandStill[]> {
  const events = (await redis.latency('LATEST')) as [string, number, number, number][];
  return events.map(([what, , , ms]) => ({ what, ms })).sort((a, b) => b.ms - a.ms);
}

const SENT_AT_ONCE = 250;

/**
 * Calls `send` so many times, in batches, and resolves when all of these jobs are accepted. Each request opens its
 * connection: an API closes those that were opened ahead and say nothing for too long.
 */
export async function acceptedInTurn(
  { redis: { url } }: Simulation,
  jobs: number,
  send: (number: number) => void,
  signal: AbortSignal,
): Promise<void> {
  await withRedis(url, async (redis) => {
    for (let sent = 0; sent < jobs; ) {
      for (const end = Math.min(jobs, sent + SENT_AT_ONCE); sent < end; sent += 1) send(sent);
      while ((await redis.zcard(keys.jobs)) < sent) {
        signal.throwIfAborted();
        await sleep(LOOK_MS);
      }
    }
  });
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

/**
 * Keys of jobs that are still unfinished, though no client waits for one any more. Workers tell the queue of an
 * end after they have recorded it: they have a while for that.
 */
export async function leftOver(redis: Redis): Promise<string[]> {
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  for (;;) {
    const there = await Promise.all(OF_UNFINISHED_JOBS.map((key) => redis.exists(key)));
    const left = OF_UNFINISHED_JOBS.filter((_, index) => there[index] === 1);
    if (left.length === 0 || performance.now() > deadline) return left;
    await sleep(LOOK_MS);
  }
}
