import { type Attempts, type Claim, FencedError, type Logger } from '@conjob/shared';
import { type StopReason, StopSignal } from './stop-reason.ts';

interface RunningJob {
  readonly claim: Claim;
  readonly stop: StopSignal;
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

  /** Keeps the attempt in the books while `run` runs. */
  async track<T>(claim: Claim, run: (stop: StopSignal) => Promise<T>): Promise<T> {
    const stop = new StopSignal();
    if (this.#stopAllReason !== undefined) stop.stop(this.#stopAllReason);
    if (this.#isHurried) stop.hurry();
    this.#byToken.set(claim.token, { claim, stop });
    try {
      return await run(stop);
    } finally {
      this.#byToken.delete(claim.token);
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

  async #renew({ claim, stop }: RunningJob): Promise<void> {
    try {
      if ((await this.#attempts.renew(claim)) !== '') stop.stop('cancelled');
    } catch (error) {
      // Just recorded: it is over, and not fenced.
      if (!this.#byToken.has(claim.token)) return;
      if (error instanceof FencedError) stop.stop('fenced');
      else this.#logger.warn({ err: error, job: claim.id }, 'could not renew the lease');
    }
  }

  #of(id: string): RunningJob[] {
    return [...this.#byToken.values()].filter(({ claim }) => claim.id === id);
  }
}
