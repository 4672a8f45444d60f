import { setTimeout as sleep } from 'node:timers/promises';
import { BULL_PREFIX, type Logger, redisTime } from '@conjob/shared';
import { DelayedError, type Job, WaitingError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Delivery, Disposition } from './delivery.ts';

/** What is kept for a job that was taken. */
export interface Place {
  readonly answered: Delivery['answered'];
  /** Frees it. */
  readonly release: () => void;
}

export interface IntakeOptions {
  readonly redis: Redis;
  readonly queue: string;
  /** Name of the worker. */
  readonly name: string;
  /** How long a worker may be silent before its jobs are delivered to others. */
  readonly leaseMs: number;
  /** Called at the moment that a job is taken. Null when it has to go back. */
  readonly onTaken: () => Place | null;
  readonly process: (delivery: Delivery) => Promise<Disposition>;
  readonly logger: Logger;
}

/** A job that was taken, and is being processed. */
interface Taken {
  readonly place: Place;
  readonly disposition: Promise<Disposition>;
}

/** A clock that is so far ahead is as good as right. */
const NEGLIGIBLE_MS = 100;
const MAX_BRAKE_MS = 1_000;

/**
 * Takes jobs from one queue, as many as it is allowed. BullMQ fetches ahead of a limit that shrinks
 * meanwhile, and a fetch that waits can not be called off: what comes without a slot goes back at once.
 */
export class Intake {
  readonly #worker: Worker;
  readonly #options: IntakeOptions;
  /** A job that is not in here goes back. */
  readonly #taken = new WeakMap<Job, Taken>();
  #running = 0;

  /** Takes nothing until it is allowed to. */
  constructor(options: IntakeOptions) {
    const { redis, queue, name, leaseMs, logger } = options;
    this.#options = options;
    this.#worker = new Worker(queue, (job, token) => this.#handle(job, token ?? ''), {
      connection: redis,
      prefix: BULL_PREFIX,
      name,
      autorun: false,
      lockDuration: leaseMs,
      // It takes two checks to notice: one marks, the next one moves. Redis takes whole numbers only.
      stalledInterval: Math.ceil(leaseMs / 3),
      // Whether a job may run again is the ledger's decision, never BullMQ's.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    });
    this.#worker.on('active', (job) => this.#onTaken(job));
    this.#worker.on('error', (error) => {
      // That Redis is away is said once, and not by each of its connections.
      const level = redis.status === 'ready' ? 'warn' : 'debug';
      logger[level]({ err: error, queue }, 'queue');
    });
    this.#worker.on('failed', (job, error) =>
      logger.error({ err: error, job: job?.id }, 'delivery failed'),
    );
  }

  async ready(): Promise<void> {
    await this.#worker.waitUntilReady();
  }

  /** Lets it take so many jobs beside those that it is running. */
  allow(more: number): void {
    const limit = this.#running + more;
    const isMore = limit > this.#worker.concurrency;
    // BullMQ looks at its limit when a job ends, and when it is resumed.
    if (limit === 0 || (isMore && this.#running > 0)) this.hold();
    if (limit === 0) return;
    this.#worker.concurrency = limit;
    if (this.#worker.isPaused() || !this.#worker.isRunning()) this.#resume();
  }

  /** Lets it take nothing more. What it runs goes on. */
  hold(): void {
    void this.#worker.pause(true);
  }

  /** Resolves when what it runs has ended. */
  async close(): Promise<void> {
    await this.#worker.close();
  }

  #resume(): void {
    void this.#worker.resume();
    // BullMQ does not notice when its loop is ending at this very moment: by then it has ended.
    setImmediate(() => {
      if (!this.#worker.isRunning() && !this.#worker.isPaused()) void this.#worker.resume();
    });
  }

  /** Begins with the job at once: while BullMQ may take more, it first asks for the next one, and waits for the answer. */
  #onTaken(job: Job): void {
    this.#running += 1;
    const place = this.#options.onTaken();
    if (place === null) {
      this.#running -= 1;
      return;
    }
    const disposition = this.#options.process({
      queue: this.#options.queue,
      ticket: job.id ?? '',
      count: job.attemptsStarted,
      answered: place.answered,
    });
    // It may fail before BullMQ has come to it.
    disposition.catch(() => {});
    this.#taken.set(job, { place, disposition });
  }

  async #handle(job: Job, token: string): Promise<void> {
    const taken = this.#taken.get(job);
    if (taken === undefined) return this.#giveBack(job, token);
    let disposition: Disposition;
    try {
      disposition = await taken.disposition;
    } finally {
      // BullMQ asks for the next job with the end of this one: by then it is decided whether it may.
      this.#running -= 1;
      taken.place.release();
    }
    if (disposition === 'done') return;
    if (disposition === 'back') return this.#giveBack(job, token);
    return this.#putOff(job, token, disposition.laterMs);
  }

  async #giveBack(job: Job, token: string): Promise<never> {
    // BullMQ 6.7.0 tells nobody of a job with a priority that comes back: without the mark, workers that
    // wait for one would see it only when they look again by themselves, after up to five seconds.
    const marker = this.#worker.toKey('marker');
    await Promise.all([job.moveToWait(token), this.#options.redis.zadd(marker, 0, '0')]);
    throw new WaitingError();
  }

  /**
   * A delivery is due again by the clock of whichever worker looks. Clocks differ: it is put off from
   * the earlier of this worker's time and that of Redis, so that a clock that is an hour ahead does not
   * put it off by an hour for all others. For this worker itself it is then due at once; hence the brake.
   */
  async #putOff(job: Job, token: string, laterMs: number): Promise<never> {
    const redisNow = await redisTime(this.#options.redis);
    const from = Math.min(Date.now(), redisNow);
    const aheadMs = Math.min(Date.now() - redisNow, laterMs, MAX_BRAKE_MS);
    if (aheadMs > NEGLIGIBLE_MS) await sleep(aheadMs);
    // Not by the job's own method: that one knows no time before this worker's present.
    const backend = this.#worker.getBackend();
    await backend.moveToDelayed(job.id ?? '', from, laterMs, token, { skipAttempt: true });
    throw new DelayedError();
  }
}
