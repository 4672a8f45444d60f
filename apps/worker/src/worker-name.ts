import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { keys } from '@conjob/shared';
import type { Redis } from 'ioredis';

const LEASE_MS = 15_000;
export const NAME_RENEWAL_MS = 5_000;

/** Another live process has the name. */
export class NameTakenError extends Error {
  override readonly name = 'NameTakenError';
}

/** KEYS: name, workers. ARGV: holder, lease, name, a holder that may be replaced. Returns who has it. */
const HOLD = `
local time = redis.call('TIME')
local now = time[1] * 1000
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] and held ~= ARGV[4] then return held end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
return ARGV[1]
`;

/** KEYS and ARGV as for {@link HOLD}. */
const GIVE_BACK = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[3])
`;

/** How often to look whether a holder renews the name. */
const LOOK_MS = 250;

/**
 * The right to a worker name: containers carry it, and whoever has it cleans up after it, so there
 * must be one process at a time. From a process of this machine that is dead the name is taken at
 * once. Of any other holder nobody can know (in containers the same host name and process id come
 * again): the name is refused as soon as it is seen to be renewed, and taken when it runs out.
 */
export class WorkerName {
  readonly name: string;
  readonly #redis: Redis;
  readonly #me: string;
  #isHeld = false;

  constructor(redis: Redis, name: string) {
    this.#redis = redis;
    this.name = name;
    const me: Holder = { host: hostname(), pid: process.pid, instance: randomUUID() };
    this.#me = JSON.stringify(me);
  }

  /** False when another process took the name, while this one was silent for too long. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Takes up to 15 seconds. Throws {@link NameTakenError}, which names the holder. */
  async take(signal: AbortSignal): Promise<void> {
    let remainingMs = Number.POSITIVE_INFINITY;
    for (;;) {
      let holder = await this.#hold();
      if (holder !== this.#me && isDeadHere(holder)) holder = await this.#hold(holder);
      if (holder === this.#me) return;
      const nowRemainingMs = await this.#redis.pttl(keys.workerName(this.name));
      if (nowRemainingMs > remainingMs) throw this.#taken(holder);
      remainingMs = nowRemainingMs;
      await sleep(LOOK_MS, undefined, { signal });
    }
  }

  /** Also the sign of life that callers see. Throws {@link NameTakenError}. */
  async renew(): Promise<void> {
    const holder = await this.#hold();
    if (holder !== this.#me) throw this.#taken(holder);
  }

  async giveBack(): Promise<void> {
    this.#isHeld = false;
    await this.#redis.eval(GIVE_BACK, 2, ...this.#keys, this.#me, LEASE_MS, this.name);
  }

  /** Takes or renews the name if it is free, mine or `dead`'s. Returns who has it now. */
  async #hold(dead = ''): Promise<string> {
    const values = [this.#me, LEASE_MS, this.name, dead];
    const holder = (await this.#redis.eval(HOLD, 2, ...this.#keys, ...values)) as string;
    this.#isHeld = holder === this.#me;
    return holder;
  }

  get #keys() {
    return [keys.workerName(this.name), keys.workers] as const;
  }

  #taken(holder: string): NameTakenError {
    const { host, pid } = JSON.parse(holder) as Holder;
    return new NameTakenError(
      `Another worker is named ${this.name} (process ${pid} on ${host}). ` +
        'Set WORKER_NAME to a name of its own.',
    );
  }
}

interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Process ids come again, above all in containers. */
  readonly instance: string;
}

function isDeadHere(holder: string): boolean {
  const { host, pid } = JSON.parse(holder) as Holder;
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
