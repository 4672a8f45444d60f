import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { keys, type WorkerReport } from '@conjob/shared';
import type { Redis } from 'ioredis';
import { type Holder, isDeadHere, type ProcessIdentity, thisProcess } from './holder.ts';

/** How long a worker that gives no sign of life is remembered. */
const REMEMBERED_MS = 3_600_000;

/** Another live process has the name. */
export class NameTakenError extends Error {
  override readonly name = 'NameTakenError';
}

/**
 * Holds the name, and with it says how the worker is. Also when the memory of Redis is full.
 * KEYS: name, workers, report, drains. ARGV: holder, lease, name, a holder that may be replaced, report,
 * prefix of reports, how long workers are remembered. Returns who has the name, why this worker shall take
 * no jobs, and the time.
 */
const HOLD = `#!lua flags=allow-oom
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] and held ~= ARGV[4] then return { held, false, now } end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[3])
redis.call('SET', KEYS[3], '{"heartbeatAt":' .. string.format('%.0f', now) .. ',' .. string.sub(ARGV[5], 2))
for _, silent in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[7])) do
  redis.call('ZREM', KEYS[2], silent)
  redis.call('DEL', ARGV[6] .. silent)
end
return { ARGV[1], redis.call('HGET', KEYS[4], ARGV[3]), now }
`;

/** KEYS and ARGV as for {@link HOLD}. */
const GIVE_BACK = `#!lua flags=allow-oom
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return end
redis.call('DEL', KEYS[1], KEYS[3])
redis.call('ZREM', KEYS[2], ARGV[3])
`;

/** How often to look whether a holder renews the name. */
const LOOK_MS = 250;

export interface WorkerNameOptions {
  readonly redis: Redis;
  readonly name: string;
  /**
   * As long as that of jobs: whoever has the name adopts the containers that carry it, and must not before
   * the process that was cut off from Redis has given them up.
   */
  readonly leaseMs: number;
  /** What the worker says of itself with each sign of life. */
  readonly report: () => WorkerReport;
  /** Default: this process. */
  readonly identity?: ProcessIdentity;
}

/** What is heard with each sign of life. */
export interface Heard {
  /** Why the operator wants this worker to take no jobs; null when that is not so. */
  readonly drained: string | null;
  /** Milliseconds since the epoch, by the clock of Redis. */
  readonly redisNow: number;
}

/**
 * The right to a worker name: containers carry it, and whoever has it adopts them, so there must be one
 * process at a time. From a process that is known to be dead the name is taken at once. Of any other
 * holder nobody can know: the name is refused as soon as it is seen to be renewed, and taken when it runs
 * out.
 */
export class WorkerName {
  readonly name: string;
  readonly #options: WorkerNameOptions;
  readonly #holder: Holder;
  readonly #me: string;
  #isHeld = false;

  constructor(options: WorkerNameOptions) {
    this.name = options.name;
    this.#options = options;
    this.#holder = { ...(options.identity ?? thisProcess()), instance: randomUUID() };
    this.#me = JSON.stringify(this.#holder);
  }

  /** False when another process took the name, while this one was silent for too long. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Takes up to a lease. Throws {@link NameTakenError}, which names the holder. */
  async take(signal: AbortSignal): Promise<Heard> {
    let remainingMs = Number.POSITIVE_INFINITY;
    for (;;) {
      let [holder, heard] = await this.#hold();
      if (holder !== this.#me && isDeadHere(JSON.parse(holder) as Holder, this.#holder)) {
        [holder, heard] = await this.#hold(holder);
      }
      if (holder === this.#me) return heard;
      const nowRemainingMs = await this.#options.redis.pttl(keys.workerName(this.name));
      if (nowRemainingMs > remainingMs) throw this.#taken(holder);
      remainingMs = nowRemainingMs;
      await sleep(LOOK_MS, undefined, { signal });
    }
  }

  /** The sign of life that callers and operators see. Throws {@link NameTakenError}. */
  async renew(): Promise<Heard> {
    const [holder, heard] = await this.#hold();
    if (holder !== this.#me) throw this.#taken(holder);
    return heard;
  }

  async giveBack(): Promise<void> {
    this.#isHeld = false;
    await this.#options.redis.eval(GIVE_BACK, 4, ...this.#keys, this.#me, '', this.name);
  }

  /** Takes or renews the name if it is free, mine or `dead`'s. Returns who has it now. */
  async #hold(dead = ''): Promise<[holder: string, heard: Heard]> {
    const { redis, leaseMs, report } = this.#options;
    const [holder, drained, redisNow] = (await redis.eval(
      HOLD,
      4,
      ...this.#keys,
      this.#me,
      leaseMs,
      this.name,
      dead,
      JSON.stringify(report()),
      keys.worker(''),
      REMEMBERED_MS,
    )) as [string, string | null, number];
    this.#isHeld = holder === this.#me;
    return [holder, { drained, redisNow }];
  }

  get #keys() {
    const { workers, drains } = keys;
    return [keys.workerName(this.name), workers, keys.worker(this.name), drains] as const;
  }

  #taken(holder: string): NameTakenError {
    const theirs = JSON.parse(holder) as Holder;
    const ours = this.#holder;
    return new NameTakenError(
      `Two workers are named ${this.name}: process ${theirs.pid} on ${theirs.host} has the name, and ` +
        `process ${ours.pid} on ${ours.host} wants it. Set WORKER_NAME to a name of its own for each.`,
    );
  }
}
