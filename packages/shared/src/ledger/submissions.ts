import type { Redis } from 'ioredis';
import type { Conclusion } from '../conclusion.ts';
import type { JobError } from '../job-error.ts';
import { jobError } from '../job-error.ts';
import { type JobRecord, RECORD_VERSION, readJobRecord } from '../job-record.ts';
import { resultWithoutOutput } from '../job-result.ts';
import type { JobSpec } from '../job-spec.ts';
import { keys } from '../keys.ts';
import { countOutput } from '../output-reader.ts';
import { endingKeys } from './ending-keys.ts';
import { type LedgerCommands, withLedgerCommands } from './ledger-commands.ts';

const IDEMPOTENCY_MS = 24 * 3600 * 1000;

export interface Submission {
  readonly id: string;
  readonly spec: JobSpec;
  /** Bytes for standard input; undefined exactly when `spec.stdinBytes` is null. */
  readonly input?: Buffer | undefined;
  /** Hash of the caller's Idempotency-Key, and of the request that came with it. */
  readonly idempotency?: { readonly keyHash: string; readonly fingerprint: string } | undefined;
}

/** `replayed`: the key was used for the same request; `conflict`: for another one. */
export interface Acceptance {
  readonly outcome: 'accepted' | 'replayed' | 'conflict';
  readonly id: string;
}

/** The ledger as callers of the service need it: submit, look, cancel, remove. */
export class Submissions {
  readonly #redis: Redis;
  readonly #commands: LedgerCommands;

  constructor(redis: Redis) {
    this.#redis = redis;
    this.#commands = withLedgerCommands(redis);
  }

  /** Writes a new job, durably once this resolves. It still has to be put on the queue. */
  async accept({ id, spec, input, idempotency }: Submission): Promise<Acceptance> {
    const [outcome, jobId] = await this.#commands.conjobAccept(
      keys.job(id),
      keys.jobs,
      keys.expiry,
      keys.adding,
      keys.waiting,
      keys.queueDeadlines,
      keys.events,
      keys.input(id),
      idempotency ? keys.idempotency(idempotency.keyHash) : keys.job(id),
      id,
      RECORD_VERSION,
      JSON.stringify(spec),
      spec.retentionSeconds * 1000,
      spec.queueTimeoutSeconds === undefined ? '' : spec.queueTimeoutSeconds * 1000,
      input ?? '',
      input === undefined ? '0' : '1',
      idempotency?.fingerprint ?? '',
      IDEMPOTENCY_MS,
    );
    return { outcome: outcome as Acceptance['outcome'], id: jobId };
  }

  /** The job is on the queue: no need to put it there again. */
  async queued(id: string): Promise<void> {
    await this.#redis.zrem(keys.adding, id);
  }

  /** Jobs accepted or given back longer than `ageMs` ago that nobody knows to be on the queue. */
  async stranded(ageMs: number, limit = 100): Promise<string[]> {
    const [seconds] = await this.#redis.time();
    const before = Number(seconds) * 1000 - ageMs;
    return this.#redis.zrangebyscore(keys.adding, '-inf', before, 'LIMIT', 0, limit);
  }

  /** Jobs that have waited longer than they allowed. */
  async overdue(limit = 100): Promise<string[]> {
    const [seconds] = await this.#redis.time();
    const now = Number(seconds) * 1000;
    return this.#redis.zrangebyscore(keys.queueDeadlines, '-inf', now, 'LIMIT', 0, limit);
  }

  /** Running jobs whose worker gave no sign of life for as long as their lease. */
  async leaseless(limit = 100): Promise<string[]> {
    const [seconds] = await this.#redis.time();
    const now = Number(seconds) * 1000;
    return this.#redis.zrangebyscore(keys.leases, '-inf', now, 'LIMIT', 0, limit);
  }

  /**
   * Decides what becomes of such a job. `lost`: it may have been started, and has ended; `queued`: it
   * was not, and has to be put on the queue; `held`: its worker is back; `over`: it has ended.
   */
  async expireLease(id: string): Promise<'lost' | 'queued' | 'held' | 'over'> {
    const attempt = (await this.find(id))?.attempts.at(-1);
    const { stdout, stderr } = await countOutput(this.#redis, id, attempt?.number ?? 0);
    const error = jobError('worker.lost', attempt?.worker);
    const result = { ...resultWithoutOutput('UNKNOWN', error), outputBytes: stdout + stderr };
    return (await this.#commands.conjobExpireLease(
      ...endingKeys(id),
      id,
      JSON.stringify(result),
      result.conclusion,
    )) as 'lost' | 'queued' | 'held' | 'over';
  }

  /** Ends a job that no worker has taken yet. False when one has, or when it has finished. */
  async finishQueued(id: string, conclusion: Conclusion, error: JobError): Promise<boolean> {
    const result = JSON.stringify(resultWithoutOutput(conclusion, error));
    return (await this.#commands.conjobFinish(...endingKeys(id), id, '', result, conclusion)) === 1;
  }

  async find(id: string): Promise<JobRecord | null> {
    return readJobRecord(id, await this.#redis.hgetall(keys.job(id)));
  }

  /** States of many jobs in one round trip, in the order of `ids`; null for unknown ones. */
  async states(ids: readonly string[]): Promise<(string | null)[]> {
    const pipeline = this.#redis.pipeline();
    for (const id of ids) pipeline.hget(keys.job(id), 'state');
    const replies = (await pipeline.exec()) ?? [];
    return replies.map(([error, state]) => {
      if (error) throw error;
      return state as string | null;
    });
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

  /** How many jobs wait before this one; null when it no longer waits. */
  async position(id: string): Promise<number | null> {
    return this.#redis.zrank(keys.waiting, id);
  }

  /** How many workers have given a sign of life lately. */
  async liveWorkers(): Promise<number> {
    const [seconds] = await this.#redis.time();
    return this.#redis.zcount(keys.workers, Number(seconds) * 1000, '+inf');
  }

  /** `cancelled`: it was still queued and has ended; `requested`: its worker has been told. */
  async cancel(
    id: string,
    reason: string,
  ): Promise<'missing' | 'finished' | 'cancelled' | 'requested'> {
    const result = JSON.stringify(resultWithoutOutput('CANCELLED', jobError('run.cancelled')));
    return (await this.#commands.conjobCancel(
      ...endingKeys(id),
      keys.cancels,
      id,
      reason,
      result,
      'CANCELLED',
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
