import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { notePassedOutput } from '../buffer-garbage.ts';
import { RECORD_VERSION } from '../job-record.ts';
import { CANCELLED, type JobResult, type JobTimings, NO_TIMINGS } from '../job-result.ts';
import { readJobSpec } from '../job-spec.ts';
import type { AttemptStep, JobPhase } from '../job-state.ts';
import { keys } from '../keys.ts';
import { countOutput } from '../output-reader.ts';
import { jobOfTicket } from '../ticket.ts';
import { type AttemptFacts, factFields } from './attempt-facts.ts';
import {
  type AdoptedClaim,
  type Claim,
  type ClaimOutcome,
  FencedError,
  type OutputChunk,
  type StreamBytes,
} from './claim.ts';
import { endingKeys } from './ending-keys.ts';
import { type LedgerCommands, withLedgerCommands } from './ledger-commands.ts';

/**
 * The ledger as a worker needs it. Every change carries the claim's token; one that comes too late
 * throws {@link FencedError}.
 */
export class Attempts {
  readonly #redis: Redis;
  readonly #commands: LedgerCommands;
  readonly #worker: string;
  readonly #leaseMs: number;

  constructor(redis: Redis, options: { readonly worker: string; readonly leaseMs: number }) {
    this.#redis = redis;
    this.#commands = withLedgerCommands(redis);
    this.#worker = options.worker;
    this.#leaseMs = options.leaseMs;
  }

  get leaseMs(): number {
    return this.#leaseMs;
  }

  /** Claims this job. Sent again with the same token, it is the same claim. */
  async claim(id: string, token: string): Promise<ClaimOutcome> {
    return this.#claim(id, token, '');
  }

  /** Claims the job that is next in a queue, in exchange for a ticket. The same when it is sent again. */
  async take(ticket: string, queue: string, token: string): Promise<ClaimOutcome> {
    return this.#claim(jobOfTicket(ticket), token, queue);
  }

  async #claim(id: string, token: string, queue: string): Promise<ClaimOutcome> {
    const [kind, ...rest] = await this.#commands.conjobClaim(
      keys.job(''),
      keys.adding,
      keys.waitingPrefix,
      keys.queueDeadlines,
      keys.events,
      keys.leases,
      keys.limits,
      keys.turnsPrefix,
      keys.lastTurn,
      keys.taken(token),
      id,
      this.#worker,
      token,
      this.#leaseMs,
      RECORD_VERSION,
      queue,
    );
    if (kind === 'leased' || kind === 'early') return { kind, retryAfterMs: Number(rest[0]) };
    if (kind === 'newer') return { kind, id: String(rest[0]) };
    if (kind === 'missing' || kind === 'held-back') return { kind };
    if (kind !== 'claimed' && kind !== 'incompatible') return { kind: 'over' };
    const [attempt, spec, queueMs, cancelReason, retries, claimed] = rest as [
      number,
      string,
      number,
      string,
      number,
      string,
    ];
    const claim = { id: claimed, token, attempt, retries, queueMs, cancelReason };
    return { kind, claim: { ...claim, spec: readJobSpec(spec) } };
  }

  /**
   * Takes over an attempt that an earlier process of this worker, or of another one on the same engine that
   * is gone, had begun. Null when it is somebody else's by now, has finished, or had not come to its start.
   * `madeBy`: the worker that the container names.
   */
  async adopt(
    id: string,
    attempt: number,
    token: string,
    madeBy = this.#worker,
  ): Promise<AdoptedClaim | null> {
    const [spec, cancelReason = '', queueMs = 0, ranMs = 0, retries = 0] =
      await this.#commands.conjobAdopt(
        keys.job(id),
        keys.leases,
        keys.workerName(madeBy),
        id,
        this.#worker,
        attempt,
        token,
        this.#leaseMs,
        madeBy,
        RECORD_VERSION,
      );
    if (spec === undefined) return null;
    const [seen, timings] = await this.#redis.hmget(
      keys.job(id),
      'seen',
      `attempt:${attempt}:timings`,
    );
    return {
      id,
      token,
      attempt,
      retries,
      spec: readJobSpec(spec),
      queueMs,
      ranMs,
      cancelReason,
      previous: { worker: madeBy },
      // Counted after the token has changed: nobody appends to it any more.
      recordedBytes: await countOutput(this.#redis, id, attempt),
      seenBytes: seen ? (JSON.parse(seen) as StreamBytes) : null,
      knownTimings: timings ? (JSON.parse(timings) as JobTimings) : { ...NO_TIMINGS, queueMs },
    };
  }

  /** Records how far the attempt is. Returns the reason when somebody asked to cancel, else ''. */
  async advance(
    { id, token, attempt }: Claim,
    step: AttemptStep,
    phase: JobPhase,
    facts: AttemptFacts = {},
  ): Promise<string> {
    const [held, cancelReason] = await this.#commands.conjobAdvance(
      keys.job(id),
      keys.events,
      id,
      token,
      step,
      phase,
      ...factFields(attempt, facts),
    );
    if (held === 0) throw new FencedError(id);
    return cancelReason;
  }

  /** Prolongs the lease. Returns the reason when somebody asked to cancel, else ''. */
  async renew({ id, token }: Claim): Promise<string> {
    const [held, cancelReason] = await this.#commands.conjobRenew(
      keys.job(id),
      keys.leases,
      token,
      this.#leaseMs,
      id,
    );
    if (held === 0) throw new FencedError(id);
    return cancelReason;
  }

  /**
   * Gives back a job that was not started; one that was cancelled meanwhile ends. Throws
   * {@link FencedError} when it can't be any more.
   */
  async release({ id, token }: Claim): Promise<void> {
    const released = await this.#commands.conjobRelease(
      ...endingKeys(id),
      id,
      token,
      JSON.stringify(CANCELLED),
    );
    if (released === 0) throw new FencedError(id);
  }

  /**
   * Adds to the output of the attempt: one call at a time, so that one sent again is known. `seen`: how much
   * the container has written up to here, where that is not what is stored.
   */
  async appendOutput(
    { id, token, attempt }: Claim,
    chunks: readonly OutputChunk[],
    seen?: StreamBytes,
  ): Promise<void> {
    const held = await this.#commands.conjobAppend(
      keys.job(id),
      keys.output(id, attempt),
      token,
      randomUUID(),
      seen === undefined ? '' : JSON.stringify(seen),
      ...chunks.flatMap(({ stream, data }) => [stream === 'stdout' ? '1' : '2', data]),
    );
    // The client joins them for sending.
    notePassedOutput(chunks.reduce((bytes, { data }) => bytes + data.length, 0));
    if (held === 0) throw new FencedError(id);
  }

  /** How much output of the attempt is stored. */
  async recordedBytes({ id, attempt }: Claim): Promise<number> {
    const { stdout, stderr } = await countOutput(this.#redis, id, attempt);
    return stdout + stderr;
  }

  /** Writes the one terminal record. Once more with the same result does nothing. */
  async finish({ id, token }: Claim, result: JobResult): Promise<void> {
    const done = await this.#commands.conjobFinish(
      ...endingKeys(id),
      id,
      token,
      JSON.stringify(result),
    );
    if (done === 0) throw new FencedError(id);
  }

  /**
   * Ends the attempt, but not the job: it is due again after `delayMs`. `finished`: it was cancelled
   * meanwhile, and has ended for good.
   */
  async retry(
    { id, token }: Claim,
    result: JobResult,
    delayMs: number,
  ): Promise<'queued' | 'finished'> {
    const { conclusion, exitCode, error } = CANCELLED;
    const cancelled: JobResult = { ...result, conclusion, exitCode, error };
    const outcome = await this.#commands.conjobRetry(
      ...endingKeys(id),
      id,
      token,
      JSON.stringify(result),
      delayMs,
      JSON.stringify(cancelled),
    );
    if (outcome === 'fenced') throw new FencedError(id);
    return outcome;
  }

  /** Bytes for standard input; null when they are gone. */
  async input({ id }: Claim): Promise<Buffer | null> {
    return this.#redis.getBuffer(keys.input(id));
  }
}
