import type { Redis } from 'ioredis';
import { jobError } from '../job-error.ts';
import { readJobRecord } from '../job-record.ts';
import { CANCELLED, resultOfError } from '../job-result.ts';
import { keys } from '../keys.ts';
import { countOutput } from '../output-reader.ts';
import { retryDelayMs } from '../retry-policy.ts';
import { endingKeys } from './ending-keys.ts';
import { type JobHolder, readHolders } from './holders.ts';
import { type LedgerCommands, withLedgerCommands } from './ledger-commands.ts';
import { ripe } from './ripe.ts';

/** A job whose worker was lost so often before it had even started it may be what kills its workers. */
const MAX_LOSSES = 3;

/** Somebody's right to a job, as it was seen. */
export interface Lease {
  readonly id: string;
  /** Milliseconds since the epoch, by the clock of Redis. */
  readonly leaseUntil: number;
}

/**
 * What became of a job when its lease was found to be over. `queued`: it is to be put on its queue, now or
 * when it is due; `held`: not over yet, or its worker is back; `over`: it had ended already.
 */
export type Expiry = 'finished' | 'queued' | 'held' | 'over';

/** The ledger as those need it who look after jobs whose workers are gone. */
export class Leases {
  readonly #redis: Redis;
  readonly #commands: LedgerCommands;

  constructor(redis: Redis) {
    this.#redis = redis;
    this.#commands = withLedgerCommands(redis);
  }

  /** Those that end within `horizonMs`, or have ended, first those that ended first. */
  async ending(horizonMs: number, limit = 1000): Promise<Lease[]> {
    const found = await ripe(this.#commands, keys.leases, { horizonMs, limit });
    return found.map(({ id, at }) => ({ id, leaseUntil: at }));
  }

  /** Decides what becomes of a job whose lease has been seen unchanged for so long. */
  async expire({ id, leaseUntil }: Lease, observedMs: number): Promise<Expiry> {
    const [holder] = await readHolders(this.#redis, [id]);
    // Before the output is counted, which takes its time, and is in vain as long as the lease is held.
    const isSame = holder?.leaseUntil === leaseUntil && observedMs >= observationMs(holder);
    if (holder?.state === 'running' && !isSame) return 'held';
    const record = readJobRecord(id, await this.#redis.hgetall(keys.job(id)));
    const attempt = record?.attempts.at(-1);
    if (record === null || attempt === undefined) return 'over';
    const { stdout, stderr } = await countOutput(this.#redis, id, attempt.number);
    const error = jobError('worker.lost', attempt.worker);
    const result = { ...resultOfError(error), outputBytes: stdout + stderr };
    return (await this.#commands.conjobExpireLease(
      ...endingKeys(id),
      id,
      leaseUntil,
      attempt.number,
      JSON.stringify(result),
      retryDelayMs(record.spec.retry, record.retries, result) ?? '',
      MAX_LOSSES,
      JSON.stringify(CANCELLED),
    )) as Expiry;
  }
}

/** For how long a lease must have been seen unchanged, by a clock that can't jump, before it ends. */
function observationMs({ leaseMs }: Pick<JobHolder, 'leaseMs'>): number {
  return Math.min(leaseMs / 3, 10_000);
}
