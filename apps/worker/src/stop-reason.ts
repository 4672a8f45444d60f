import type { Lease } from './lease.ts';

/**
 * Why a job is stopped before its own end. The first reason wins.
 * - `lease-over`: its lease could not be renewed in time.
 * - `fenced`: it is somebody else's by now.
 * - `handed-over`: this process goes, and leaves it to the next one.
 */
export type StopReason =
  | 'timed-out'
  | 'cancelled'
  | 'shut-down'
  | 'lease-over'
  | 'fenced'
  | 'handed-over';

/** The container is, or shall be, somebody else's: letting go is all that is allowed. */
export function letsGo(reason: StopReason | undefined): boolean {
  return reason === 'fenced' || reason === 'handed-over';
}

/** Whether the worker is the reason, and not the job. */
export function isWorkers(reason: StopReason): boolean {
  return reason !== 'cancelled' && reason !== 'timed-out';
}

/** What is left of the grace when somebody is in a hurry. */
const HURRIED_SECONDS = 1;

/**
 * One per attempt. Stopping a job means to stop its container: waiting for it and reading its output
 * then end by themselves.
 */
export class StopSignal {
  readonly #lease: Pick<Lease, 'isOverdue' | 'isOver'> | undefined;
  readonly #controller = new AbortController();
  readonly #hurry = new AbortController();
  readonly #kill = new AbortController();
  #atExit: { readonly reason: StopReason | undefined } | undefined;

  /** Without a lease: one that does not end. */
  constructor(lease?: Pick<Lease, 'isOverdue' | 'isOver'>) {
    this.#lease = lease;
  }

  get reason(): StopReason | undefined {
    return this.#controller.signal.aborted
      ? (this.#controller.signal.reason as StoppedError).reason
      : undefined;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The reason that counts for the outcome: one that came after the exit changed nothing. */
  get decisive(): StopReason | undefined {
    return this.#atExit === undefined ? this.reason : this.#atExit.reason;
  }

  /** Each aborts when a stop, now or later, is to leave less time than the job's own grace. */
  get urgencies(): readonly AbortSignal[] {
    return [this.#hurry.signal, this.#kill.signal];
  }

  /** What is left of the job's grace. */
  graceSeconds(killTimeoutSeconds: number): number {
    if (this.#kill.signal.aborted) return 0;
    return this.#hurry.signal.aborted
      ? Math.min(HURRIED_SECONDS, killTimeoutSeconds)
      : killTimeoutSeconds;
  }

  /** The container has ended. Who only lets go of it had no part in that. */
  noteExit(): void {
    this.#heedLease();
    this.#atExit ??= { reason: letsGo(this.reason) ? undefined : this.reason };
  }

  hurry(): void {
    this.#hurry.abort();
  }

  stop(reason: StopReason): void {
    const isOfLease = reason === 'lease-over' || reason === 'fenced';
    // Whoever keeps the lease asks the ledger first, and stops the job then.
    if (!isOfLease && this.#lease?.isOver) return;
    // Also one that is being stopped gently: its grace may last longer than what is left of the lease.
    if (reason === 'lease-over') this.#kill.abort();
    if (!this.#controller.signal.aborted) this.#controller.abort(new StoppedError(reason));
  }

  /** Throws {@link StoppedError} once there is a reason. */
  throwIfStopped(): void {
    this.#heedLease();
    this.#controller.signal.throwIfAborted();
  }

  /** Its timer may be about to say the same, and come too late. */
  #heedLease(): void {
    if (this.#lease?.isOverdue) this.stop('lease-over');
  }
}

export class StoppedError extends Error {
  override readonly name = 'StoppedError';
  readonly reason: StopReason;

  constructor(reason: StopReason) {
    super(`the job was stopped: ${reason}`);
    this.reason = reason;
  }
}

/** A job whose container runs on for the next process of this worker. */
export class HandedOverError extends Error {
  override readonly name = 'HandedOverError';

  constructor(id: string) {
    super(`job ${id} is left to the next process of this worker`);
  }
}
