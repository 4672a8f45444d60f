import { BULL_PREFIX } from '@conjob/shared';
import type { Redis } from 'ioredis';

/** In BullMQ, the score of a job is its priority, and below that a counter. */
const PRIORITY_UNIT = 2 ** 32;
/** And the score of one that was put off is when it is due, and below that a counter. */
const DELAY_UNIT = 2 ** 12;

interface Candidate {
  readonly queue: string;
  /** Lower goes first; 0 goes before all that have one. */
  readonly priority: number;
  readonly id: string;
}

/**
 * Which of these queues has the job that should be taken first: the most important one, and among equals
 * the oldest (ids sort by time). Null when nothing waits. Reads what BullMQ would take, and takes nothing.
 */
export async function nextInLine(redis: Redis, queues: readonly string[]): Promise<string | null> {
  const pipeline = redis.pipeline();
  for (const queue of queues) {
    const key = (type: string) => `${BULL_PREFIX}:${queue}:${type}`;
    pipeline.lindex(key('wait'), -1);
    pipeline.zrange(key('prioritized'), '0', '0', 'WITHSCORES');
    // Who looks moves it among the others when it is due.
    pipeline.zrange(key('delayed'), '0', '0', 'WITHSCORES');
  }
  const replies = ((await pipeline.exec()) ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
  const candidates = queues.flatMap((queue, index): Candidate[] => {
    const [again, first, later] = replies.slice(index * 3) as [string | null, string[], string[]];
    const [due, dueScore] = later;
    if (again !== null) return [{ queue, priority: 0, id: again }];
    if (due !== undefined && Number(dueScore) / DELAY_UNIT <= Date.now()) {
      return [{ queue, priority: 0, id: due }];
    }
    const [id, score] = first;
    if (id === undefined) return [];
    return [{ queue, priority: Math.floor(Number(score) / PRIORITY_UNIT), id }];
  });
  candidates.sort((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1));
  return candidates[0]?.queue ?? null;
}
