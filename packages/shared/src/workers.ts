import type { Redis } from 'ioredis';
import { keys } from './keys.ts';
import type { Labels } from './placement.ts';
import { redisTime } from './redis-time.ts';
import type { JobNetwork } from './sandbox.ts';

export interface HeldNetworkCounts {
  readonly ready: number;
  readonly inUse: number;
}

/** What a worker says of itself with each sign of life. */
export interface WorkerReport {
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  /** Of ConJob. */
  readonly version: string;
  /** The newest job record that it reads. */
  readonly recordVersion: number;
  readonly labels: Labels;
  readonly engine: { readonly id: string; readonly version: string };
  /** How many jobs it runs at once. */
  readonly slots: number;
  readonly running: number;
  /** The OCI runtime of jobs whose profile has none of its own. Workers of before do not say. */
  readonly runtime?: string;
  /** Made ahead, by network mode: how many are ready for a job, and how many have one in them. Not said before, either. */
  readonly heldNetworks?: Readonly<Record<JobNetwork, HeldNetworkCounts>>;
  /** `draining`: told to take no jobs; `unready`: can not, see `reason`. */
  readonly state: 'ready' | 'draining' | 'unready';
  readonly reason: string | null;
  /** Milliseconds since the epoch, by the clock of Redis, as all times here. */
  readonly startedAt: number;
  /** How far its own clock is ahead of that of Redis; negative when it is behind. */
  readonly clockSkewMs: number;
}

export interface WorkerInfo extends Omit<WorkerReport, 'state'> {
  /** `lost`: it has given no sign of life for so long that its name is free. */
  readonly state: WorkerReport['state'] | 'lost';
  /** Its own word for that, said before it may have heard of a drain. */
  readonly reported: WorkerReport['state'];
  readonly heartbeatAt: number;
}

/** What is stored: the report, and when it came. */
interface StoredReport extends WorkerReport {
  readonly heartbeatAt: number;
}

/** The workers of this installation, as callers and operators see them. */
export class Workers {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** In the order of their names. Lost ones are among them for an hour. */
  async list(): Promise<WorkerInfo[]> {
    const [now, entries, drains] = await Promise.all([
      redisTime(this.#redis),
      this.#redis.zrange(keys.workers, '0', '-1', 'WITHSCORES'),
      this.#redis.hgetall(keys.drains),
    ]);
    const names = entries.filter((_, index) => index % 2 === 0);
    if (names.length === 0) return [];
    const reports = await this.#redis.mget(names.map((name) => keys.worker(name)));
    const workers = reports.flatMap((report, index) => {
      if (report === null) return [];
      const heldUntil = Number(entries[index * 2 + 1]);
      return [asSeen(JSON.parse(report) as StoredReport, heldUntil > now, drains)];
    });
    return workers.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Null when there is none of that name. */
  async find(name: string): Promise<WorkerInfo | null> {
    return (await this.list()).find((worker) => worker.name === name) ?? null;
  }

  /** Tells a worker to take no more jobs, until it is told to resume: a restart does not end it. */
  async drain(name: string, reason: string): Promise<void> {
    await this.#redis.hset(keys.drains, name, reason);
    await this.#redis.publish(keys.workerNews, name);
  }

  async resume(name: string): Promise<void> {
    await this.#redis.hdel(keys.drains, name);
    await this.#redis.publish(keys.workerNews, name);
  }
}

function asSeen(
  stored: StoredReport,
  isHeld: boolean,
  drains: Readonly<Record<string, string>>,
): WorkerInfo {
  const report = { ...stored, reported: stored.state };
  if (!isHeld) return { ...report, state: 'lost', reason: 'It gives no sign of life.' };
  const drained = drains[report.name];
  // What was asked for counts at once, also before the worker has heard of it.
  if (drained !== undefined && report.state === 'ready') {
    return { ...report, state: 'draining', reason: drained };
  }
  return report;
}
