import { fits, keys, type Labels, parseRequires, queueOf, RUN_QUEUE } from '@conjob/shared';
import type { Redis } from 'ioredis';

/** The queues whose jobs a worker with these labels can run: that of jobs that need nothing, and those that fit. */
export async function fittingQueues(redis: Redis, labels: Labels): Promise<Set<string>> {
  if (Object.keys(labels).length === 0) return new Set([RUN_QUEUE]);
  const placements = (await redis.zrange(keys.placements, '0', '-1')).map(parseRequires);
  const fitting = placements.filter((requires) => fits(requires, labels));
  return new Set([RUN_QUEUE, ...fitting.map(queueOf)]);
}
