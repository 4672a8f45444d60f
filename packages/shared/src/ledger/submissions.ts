import type { Redis } from 'ioredis';
import { DEFAULT_GROUP } from '../group.ts';
import type { JobError } from '../job-error.ts';
import { type JobRecord, readJobRecord, recordVersionOf } from '../job-record.ts';
import { CANCELLED, resultOfError } from '../job-result.ts';
import { MAX_PRIORITY } from '../job-spec.ts';
import { keys, RUN_QUEUE } from '../keys.ts';
import type { LimitName } from '../limits.ts';
import { canonicalRequires, type Labels, parseRequires, queueOf } from '../placement.ts';
import { redisTime } from '../redis-time.ts';
import { endingKeys } from './ending-keys.ts';
import { type LedgerCommands, withLedgerCommands } from './ledger-commands.ts';
import { ripe } from './ripe.ts';
import type { Acceptance, Submission } from './submission.ts';

const IDEMPOTENCY_MS = 24 * 3600 * 1000;
/** Takes Redis less than a millisecond. */
const LOOKED_AT_ONCE = 500;

/** The ledger as callers of the service need it: submit, look, cancel, remove. */
export class Submissions {
  readonly #redis: Redis;
  readonly #commands: LedgerCommands;

  constructor(redis: Redis) {
    this.#redis = redis;
    this.#commands = withLedgerCommands(redis);
  }

  /** Writes a new job, durably once this resolves. It still has to be put on the queue. */
  async accept({
    id,
    spec,
    group = DEFAULT_GROUP,
    input,
    idempotency,
    needsPlace = false,
    checkedBy,
  }: Submission): Promise<Acceptance> {
    const queue = queueOf(spec.requires);
    const [outcome, jobId, limit, allowed = 0, perSecond, left = 0] =
      await this.#commands.conjobAccept(
        keys.job(id),
        keys.jobs,
        keys.expiry,
        keys.adding,
        keys.waitingPrefix,
        keys.queueDeadlines,
        keys.input(id),
        idempotency ? keys.idempotency(idempotency.keyHash) : keys.job(id),
        keys.placements,
        keys.workerNews,
        keys.leases,
        keys.limits,
        keys.accepted,
        keys.syncRuns,
        keys.turnsPrefix,
        keys.lastTurn,
        id,
        recordVersionOf(spec),
        JSON.stringify(spec),
        queue,
        queue === RUN_QUEUE ? '' : canonicalRequires(spec.requires),
        rankOf(spec.priority),
        spec.retentionSeconds * 1000,
        spec.queueTimeoutSeconds === undefined ? '' : spec.queueTimeoutSeconds * 1000,
        input ?? '',
        input === undefined ? '0' : '1',
        idempotency?.fingerprint ?? '',
        IDEMPOTENCY_MS,
        needsPlace ? '1' : '0',
        group,
        checkedBy ? `${checkedBy.maxTimeoutSeconds} ${checkedBy.maxKillTimeoutSeconds}` : '',
      );
    if (outcome === 'outdated') return { outcome, id: null, rate: null };
    const rate = perSecond === undefined ? null : { allowed: perSecond, left };
    if (outcome === 'refused') {
      return { outcome, id: null, limit: limit as LimitName, allowed, rate };
    }
    return { outcome: outcome as 'accepted' | 'replayed' | 'conflict', id: jobId, rate };
  }

  /**
   * The job is on the queue: no need to put it there again. `attempts`: how many it had had when it was put
   * there, since by now it may have been taken, and be due again.
   */
  async queued(id: string, attempts = 0): Promise<void> {
    await this.#commands.conjobQueued(keys.job(id), keys.adding, id, attempts);
  }

  /** Jobs that have to be put on their queue now: due again, or accepted and left half way. */
  async due(limit = 100): Promise<string[]> {
    return this.#ripe(keys.adding, limit);
  }

  /** Jobs that have waited longer than they allowed. */
  async overdue(limit = 100): Promise<string[]> {
    return this.#ripe(keys.queueDeadlines, limit);
  }

  async #ripe(key: string, limit: number): Promise<string[]> {
    return (await ripe(this.#commands, key, { limit })).map(({ id }) => id);
  }

  /** Ends a job that no worker has taken yet. False when one has, or when it has finished. */
  async finishQueued(id: string, error: JobError): Promise<boolean> {
    const result = JSON.stringify(resultOfError(error));
    return (await this.#commands.conjobFinish(...endingKeys(id), id, '', result)) === 1;
  }

  async find(id: string): Promise<JobRecord | null> {
    return readJobRecord(id, await this.#redis.hgetall(keys.job(id)));
  }

  /** False also for a job that is not there. */
  async isUnfinished(id: string): Promise<boolean> {
    const state = await this.#redis.hget(keys.job(id), 'state');
    return state !== null && state !== 'finished';
  }

  /** Which of these jobs have finished, or are not there. Asks for some at a time, so that Redis can do other things. */
  async endedOf(ids: readonly string[]): Promise<string[]> {
    const ended: string[] = [];
    for (let from = 0; from < ids.length; from += LOOKED_AT_ONCE) {
      const some = ids.slice(from, from + LOOKED_AT_ONCE);
      ended.push(...(await this.#commands.conjobEnded(keys.job(''), ...some)));
    }
    return ended;
  }

  /** Records of ids in one round trip; those that have expired are left out. */
  async findAll(ids: readonly string[]): Promise<JobRecord[]> {
    const pipeline = this.#redis.pipeline();
    for (const id of ids) pipeline.hgetall(keys.job(id));
    const replies = (await pipeline.exec()) ?? [];
    return replies.flatMap(([error, fields], index) => {
      if (error) throw error;
      const record = readJobRecord(ids[index] ?? '', fields as Record<string, string>);
      return record ? [record] : [];
    });
  }

  /** Up to `limit` ids, newest first, that are older than `before` (an id). */
  async list(limit: number, before?: string): Promise<string[]> {
    const from = before === undefined ? '+' : `(${before}`;
    return this.#redis.zrange(keys.jobs, from, '-', 'BYLEX', 'REV', 'LIMIT', 0, limit);
  }

  /** Requirements that jobs have had lately, that of no requirements not among them. */
  async placements(): Promise<Labels[]> {
    return (await this.#redis.zrange(keys.placements, '0', '-1')).map(parseRequires);
  }

  /** Forgets requirements that no job has, and has had for so long. True when they are forgotten. */
  async forgetPlacement(requires: Labels, unusedMs: number): Promise<boolean> {
    const forgotten = await this.#commands.conjobForgetPlacement(
      keys.placements,
      keys.waiting(queueOf(requires)),
      canonicalRequires(requires),
      (await redisTime(this.#redis)) - unusedMs,
    );
    return forgotten === 1;
  }

  /** `cancelled`: it was still queued and has ended; `requested`: its worker has been told. */
  async cancel(
    id: string,
    reason: string,
  ): Promise<'missing' | 'finished' | 'cancelled' | 'requested'> {
    return (await this.#commands.conjobCancel(
      ...endingKeys(id),
      keys.cancels,
      id,
      reason,
      JSON.stringify(CANCELLED),
    )) as 'missing' | 'finished' | 'cancelled' | 'requested';
  }

  /** Forgets a finished job with its output. */
  async remove(id: string): Promise<'missing' | 'unfinished' | 'removed'> {
    return (await this.#commands.conjobRemove(
      keys.job(id),
      keys.jobs,
      keys.expiry,
      keys.outputPrefix(id),
      id,
    )) as 'missing' | 'unfinished' | 'removed';
  }
}

/** Lower ranks are taken first: see `keys.waiting`. */
function rankOf(priority: number): number {
  return MAX_PRIORITY - priority;
}
