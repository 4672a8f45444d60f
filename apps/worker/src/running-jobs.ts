import { type Attempts, type Claim, FencedError, type Logger } from '@conjob/shared';
import { Lease, renewalMs } from './lease.ts';
import { type StopReason, StopSignal } from './stop-reason.ts';

/** While it can't be learnt whose a job is. */
const ASK_AGAIN_MS = 1_000;

interface RunningJob {
  readonly claim: Claim;
  readonly stop: StopSignal;
  readonly lease: Lease;
  alarm: NodeJS.Timeout | undefined;
}

/** The attempts that this process is running: what can be cancelled here, and what needs its lease. */
export class RunningJobs {
  /** By token, not by job: an attempt that lost its job may still be ending beside the next one. */
  readonly #byToken = new Map<string, RunningJob>();
  readonly #attempts: Attempts;
  readonly #logger: Logger;
  #stopAllReason: StopReason | undefined;
  #isHurried = false;

  constructor(attempts: Attempts, logger: Logger) {
    this.#attempts = attempts;
    this.#logger = logger;
  }

  get size(): number {
    return this.#byToken.size;
  }

  has(id: string): boolean {
    return this.#of(id).length > 0;
  }

  /**
   * Keeps the attempt in the books while `run` runs. `askedAt`: by `performance.now()`, before the job was
   * claimed or adopted.
   */
  async track<T>(claim: Claim, askedAt: number, run: (stop: StopSignal) => Promise<T>): Promise<T> {
    const lease = new Lease(this.#attempts.leaseMs, askedAt);
    const stop = new StopSignal(lease);
    if (this.#stopAllReason !== undefined) stop.stop(this.#stopAllReason);
    if (this.#isHurried) stop.hurry();
    const job: RunningJob = { claim, stop, lease, alarm: undefined };
    this.#byToken.set(claim.token, job);
    try {
      // The claim took an outage of Redis to come: not too late, if the job is still ours.
      if (lease.isOverdue) await this.#renew(job);
      this.#setAlarm(job, lease.overdueInMs);
      return await run(stop);
    } finally {
      this.#byToken.delete(claim.token);
      clearTimeout(job.alarm);
    }
  }

  stop(id: string, reason: StopReason): void {
    for (const { stop } of this.#of(id)) stop.stop(reason);
  }

  /** Also what is tracked from now on. */
  stopAll(reason: StopReason): void {
    this.#stopAllReason = reason;
    for (const { stop } of this.#byToken.values()) stop.stop(reason);
  }

  /** What is stopped from now on, or is being stopped already, gets hardly any grace. */
  hurry(): void {
    this.#isHurried = true;
    for (const { stop } of this.#byToken.values()) stop.hurry();
  }

  /**
   * Prolongs every lease. On the way it learns which jobs were cancelled, also when the message about
   * it was missed, and which belong to somebody else by now.
   */
  async renewLeases(): Promise<void> {
    await Promise.all([...this.#byToken.values()].map((job) => this.#renew(job)));
  }

  /** True when the job was this worker's when Redis was asked. */
  async #renew(job: RunningJob): Promise<boolean> {
    const { claim, stop, lease } = job;
    try {
      for (;;) {
        const askedAt = performance.now();
        const cancelReason = await this.#attempts.renew(claim);
        lease.renewed(askedAt);
        if (cancelReason !== '') stop.stop('cancelled');
        // An answer that took an outage to come says nothing about now.
        if (performance.now() - askedAt < renewalMs(this.#attempts.leaseMs)) return true;
      }
    } catch (error) {
      // Just recorded: it is over, and not fenced.
      if (!this.#byToken.has(claim.token)) return false;
      if (error instanceof FencedError) stop.stop('fenced');
      else this.#logger.warn({ err: error, job: claim.id }, 'could not renew the lease');
      return false;
    }
  }

  /** Not by the renewals themselves: while Redis is away, they wait for it. */
  #setAlarm(job: RunningJob, milliseconds: number): void {
    job.alarm = setTimeout(() => void this.#checkLease(job), milliseconds);
  }

  async #checkLease(job: RunningJob): Promise<void> {
    const { claim, stop, lease } = job;
    if (!lease.isOverdue) return this.#setAlarm(job, lease.overdueInMs);
    if (lease.isOver && !(await this.#renew(job))) {
      if (stop.reason !== 'fenced' && this.#byToken.has(claim.token)) {
        this.#setAlarm(job, ASK_AGAIN_MS);
      }
      return;
    }
    this.#logger.error({ job: claim.id }, 'could not renew the lease in time; stopping the job');
    stop.stop('lease-over');
  }

  #of(id: string): RunningJob[] {
    return [...this.#byToken.values()].filter(({ claim }) => claim.id === id);
  }
}
