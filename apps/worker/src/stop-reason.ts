/** Why a job is stopped before its own end. The first reason wins. */
export type StopReason = 'timed-out' | 'cancelled' | 'shut-down' | 'fenced';

/**
 * One per attempt. Stopping a job means to stop its container: waiting for it and reading its output
 * then end by themselves.
 */
export class StopSignal {
  readonly #controller = new AbortController();
  readonly #hurry = new AbortController();
  #atExit: { readonly reason: StopReason | undefined } | undefined;

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

  /** Aborts when a stop, now or later, is to leave hardly any time. */
  get hurried(): AbortSignal {
    return this.#hurry.signal;
  }

  /** The container has ended. */
  noteExit(): void {
    this.#atExit ??= { reason: this.reason };
  }

  hurry(): void {
    this.#hurry.abort();
  }

  stop(reason: StopReason): void {
    if (!this.#controller.signal.aborted) this.#controller.abort(new StoppedError(reason));
  }

  /** Throws {@link StoppedError} once there is a reason. */
  throwIfStopped(): void {
    this.#controller.signal.throwIfAborted();
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
