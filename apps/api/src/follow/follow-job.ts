import {
  FIRST_POSITION,
  type JobRecord,
  type Logger,
  type StoredChunk,
  type Submissions,
} from '@conjob/shared';
import type { Redis } from 'ioredis';
import { redisFault } from '../http/redis-errors.ts';
import type { JobEvents } from '../jobs/job-events.ts';
import type { JobWaits, Wait } from '../jobs/wait-for-job.ts';
import { Bell } from './bell.ts';
import type { OutputHub } from './output-hub.ts';
import { OutputTail } from './output-tail.ts';

export interface FollowDependencies {
  readonly redis: Redis;
  readonly ledger: Pick<Submissions, 'find'>;
  readonly events: Pick<JobEvents, 'subscribe'>;
  readonly waits: Pick<JobWaits, 'untilFinished'>;
  readonly hub: Pick<OutputHub, 'subscribe'>;
  readonly logger: Logger;
  /** After so long with nothing to tell the job is looked at again, and `idle` is told. Default 15 s. */
  readonly idleMs?: number;
}

export interface FollowOptions {
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
  /** Where to go on: default is the first attempt, from its start. */
  readonly attempt?: number | undefined;
  /** Of the last chunk of that attempt that is known. */
  readonly after?: string | undefined;
  /** How long to wait for the first output; by default as long as it takes. */
  readonly patienceMs?: number | undefined;
}

/** Why there is no more: see `Wait`. `elapsed`: the patience, before there was any output. */
export interface FollowEnd {
  readonly kind: 'end';
  readonly end: Wait['end'];
  readonly record: JobRecord | null;
}

export type Followed =
  /** The job as it is by now, when that may have changed. Its output up to the end comes before `end`. */
  | { readonly kind: 'record'; readonly record: JobRecord }
  | { readonly kind: 'output'; readonly attempt: number; readonly chunks: readonly StoredChunk[] }
  /** That was all output of an attempt. */
  | { readonly kind: 'attempt-over'; readonly attempt: number; readonly record: JobRecord }
  | { readonly kind: 'idle' }
  | FollowEnd;

const IDLE_MS = 15_000;
/** Between two tries while Redis is away. */
const RETRY_MS = 500;

/**
 * Tells all that happens to a job, until its end: what is over already, then what comes, as it comes. All
 * output of all attempts in the order in which it was written, each chunk once. It goes no further ahead
 * than whoever reads it, and lives through outages of Redis.
 */
export async function* followJob(
  dependencies: FollowDependencies,
  id: string,
  options: FollowOptions,
): AsyncGenerator<Followed, void> {
  const following = new Following(dependencies, id, options);
  try {
    for (;;) {
      const next = await following.next();
      yield next;
      if (next.kind === 'end') return;
    }
  } finally {
    following.close();
  }
}

class Following {
  readonly #dependencies: FollowDependencies;
  readonly #id: string;
  readonly #bell = new Bell();
  readonly #leaving = new AbortController();
  readonly #unsubscribe: () => void;
  readonly #patience: NodeJS.Timeout | undefined;
  #record: JobRecord | null = null;
  #attempt: number;
  #after: string;
  #tail: OutputTail | undefined;
  #hasOutput = false;
  #hasElapsed = false;
  /** The record may have changed. */
  #isStale = true;
  #isRedisAway = false;
  #over: Wait | undefined;

  constructor(dependencies: FollowDependencies, id: string, options: FollowOptions) {
    this.#dependencies = dependencies;
    this.#id = id;
    this.#attempt = options.attempt ?? 1;
    this.#after = options.after ?? FIRST_POSITION;
    this.#unsubscribe = dependencies.events.subscribe(id, () => this.#look());
    const signal = AbortSignal.any([options.signal, this.#leaving.signal]);
    void dependencies.waits.untilFinished(id, { signal }).then((wait) => {
      this.#over = wait;
      this.#look();
    });
    if (options.patienceMs === undefined) return;
    this.#patience = setTimeout(() => {
      this.#hasElapsed = true;
      this.#bell.ring();
    }, options.patienceMs);
  }

  close(): void {
    clearTimeout(this.#patience);
    this.#tail?.close();
    this.#unsubscribe();
    this.#leaving.abort();
  }

  async next(): Promise<Followed> {
    const { idleMs = IDLE_MS } = this.#dependencies;
    const idleAt = performance.now() + idleMs;
    for (;;) {
      const next = await this.#step();
      if (next !== undefined) return next;
      if (this.#hasElapsed && !this.#hasOutput) return this.#end('elapsed');
      const leftMs = Math.max(0, idleAt - performance.now());
      const sleepMs = this.#isRedisAway ? Math.min(RETRY_MS, leftMs) : leftMs;
      if (await this.#bell.heard(sleepMs)) continue;
      this.#isStale = true;
      if (sleepMs === leftMs) return { kind: 'idle' };
    }
  }

  #look(): void {
    this.#isStale = true;
    this.#bell.ring();
  }

  /** Undefined when there is nothing new, as far as can be seen. */
  async #step(): Promise<Followed | undefined> {
    if (this.#over !== undefined && this.#over.end !== 'finished') return this.#end(this.#over.end);
    try {
      const next = (await this.#readRecord()) ?? (await this.#readOutput());
      this.#isRedisAway = false;
      return next;
    } catch (error) {
      if (redisFault(error) === undefined) throw error;
      const { logger } = this.#dependencies;
      logger.debug({ err: error, job: this.#id }, 'a follower goes on without Redis');
      this.#isRedisAway = true;
      this.#isStale = true;
      return undefined;
    }
  }

  async #readRecord(): Promise<Followed | undefined> {
    if (!this.#isStale) return undefined;
    this.#isStale = false;
    const record = await this.#dependencies.ledger.find(this.#id);
    this.#record = record;
    return record === null ? this.#end('missing') : { kind: 'record', record };
  }

  async #readOutput(): Promise<Followed | undefined> {
    const record = this.#record;
    if (record === null) return undefined;
    const attempt = record.attempts[this.#attempt - 1];
    if (attempt === undefined) return record.state === 'finished' ? this.#finish() : undefined;
    this.#tail ??= this.#openTail();
    const isOver = attempt.finishedAt !== null;
    if (isOver) this.#tail.readToEnd();
    const chunks = await this.#tail.read();
    if (chunks.length > 0) {
      this.#hasOutput = true;
      return { kind: 'output', attempt: attempt.number, chunks };
    }
    if (!isOver) return undefined;
    this.#tail = undefined;
    this.#attempt += 1;
    this.#after = FIRST_POSITION;
    return { kind: 'attempt-over', attempt: attempt.number, record };
  }

  #openTail(): OutputTail {
    const { redis, hub } = this.#dependencies;
    return new OutputTail(redis, hub, {
      id: this.#id,
      attempt: this.#attempt,
      after: this.#after,
      onNews: () => this.#bell.ring(),
    });
  }

  /** What is deleted while it is read looks like the end of the output. */
  async #finish(): Promise<Followed> {
    const record = await this.#dependencies.ledger.find(this.#id);
    return this.#end(record === null ? 'missing' : 'finished');
  }

  #end(end: Wait['end']): FollowEnd {
    return { kind: 'end', end, record: this.#record };
  }
}
