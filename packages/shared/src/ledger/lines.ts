import type { Redis } from 'ioredis';
import type { JobRecord } from '../job-record.ts';
import { keys, RUN_QUEUE } from '../keys.ts';
import { parseRequires, queueOf } from '../placement.ts';
import { type LedgerCommands, withLedgerCommands } from './ledger-commands.ts';

/** The job that is next in a queue. */
export interface LineHead {
  readonly queue: string;
  readonly group: string;
  /** The lower goes first, of whichever queue. */
  readonly turn: number;
  readonly id: string;
  /** By importance, then by time; the lower goes first. Only to be compared within one group. */
  readonly place: number;
}

/** Those that wait for a worker, in the order in which they are taken: see `line-scripts.ts`. */
export class Lines {
  readonly #redis: Redis;
  readonly #commands: LedgerCommands;

  constructor(redis: Redis) {
    this.#redis = redis;
    this.#commands = withLedgerCommands(redis);
  }

  /** For a job that is due by now, and could not be taken till then. Does nothing for any other. */
  async join(id: string): Promise<void> {
    const { waitingPrefix, turnsPrefix, lastTurn } = keys;
    await this.#commands.conjobJoinLine(keys.job(''), waitingPrefix, turnsPrefix, lastTurn, id);
  }

  /**
   * How many jobs of the same queue are taken before this one, as things are now; null when it does not wait.
   * Those that others add meanwhile may go before it as well, no more than one of each group for each of its own.
   */
  async position({ id }: Pick<JobRecord, 'id'>): Promise<number | null> {
    const { waitingPrefix, turnsPrefix } = keys;
    return this.#commands.conjobPosition(keys.job(id), waitingPrefix, turnsPrefix, id);
  }

  /** The most important jobs of a queue, first those that have waited longest, of whichever group. */
  async first(queue: string, limit: number): Promise<string[]> {
    return this.#redis.zrange(keys.waiting(queue), 0, String(limit - 1));
  }

  /** What is next in each of these queues that has something. */
  async heads(queues: readonly string[]): Promise<LineHead[]> {
    const first = await firstOf(this.#redis, queues.map(keys.turns));
    const turns = queues.flatMap((queue, index) => {
      const [group, turn] = first[index] ?? [];
      return group === undefined ? [] : [{ queue, group, turn: Number(turn) }];
    });
    const lines = turns.map(({ queue, group }) => keys.line(queue, group));
    const jobs = await firstOf(this.#redis, lines);
    return turns.flatMap((turn, index) => {
      const [id, place] = jobs[index] ?? [];
      return id === undefined ? [] : [{ ...turn, id, place: Number(place) }];
    });
  }

  /** How many groups have jobs that wait; one that has some in several queues counts in each. */
  async groups(): Promise<number> {
    const placements = await this.#redis.zrange(keys.placements, '0', '-1');
    const queues = [RUN_QUEUE, ...placements.map(parseRequires).map(queueOf)];
    const counts = await Promise.all(queues.map((queue) => this.#redis.zcard(keys.turns(queue))));
    return counts.reduce((sum, count) => sum + count, 0);
  }
}

/** The first entry of each of these sorted sets, and its score. */
async function firstOf(redis: Redis, sets: readonly string[]): Promise<string[][]> {
  if (sets.length === 0) return [];
  const pipeline = redis.pipeline();
  for (const set of sets) pipeline.zrange(set, '0', '0', 'WITHSCORES');
  return ((await pipeline.exec()) ?? []).map(([error, entry]) => {
    if (error) throw error;
    return entry as string[];
  });
}
