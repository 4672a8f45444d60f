import type { Releasers } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { Background } from './background.ts';
import { closeIntake } from './close-intake.ts';
import type { RunningJobs } from './running-jobs.ts';
import type { StopReason } from './stop-reason.ts';
import { within } from './within.ts';
import type { WorkerState } from './worker-state.ts';

/** So long an engine may take to clear away what jobs have left. */
export const BACKGROUND_MS = 10_000;
const HAND_OVER_MS = 10_000;

export interface WorkerEndParts {
  readonly releasers: Releasers;
  readonly state: WorkerState;
  readonly running: RunningJobs;
  readonly background: Background;
  readonly redis: Redis;
  /** How long running jobs may go on. */
  readonly graceMs: number;
}

/** The ways to end a worker: they differ in what becomes of the jobs that outlast the grace period. */
export class WorkerEnd {
  readonly #parts: WorkerEndParts;
  #afterGrace: StopReason = 'handed-over';

  constructor(parts: WorkerEndParts) {
    this.#parts = parts;
  }

  /** Takes no more jobs, and waits for those that run: a releaser. */
  async settle(sources: readonly { close(): Promise<void> }[]): Promise<void> {
    const { running, background, redis, graceMs } = this.#parts;
    const impatience = setTimeout(() => running.stopAll(this.#afterGrace), graceMs);
    await closeIntake(sources, redis).finally(() => clearTimeout(impatience));
    // What an engine that is away keeps, the reaper removes when it is back.
    await within(BACKGROUND_MS, background.idle());
  }

  close(): Promise<void> {
    return this.#end('shut-down');
  }

  async handOver(): Promise<void> {
    await within(this.#parts.graceMs + HAND_OVER_MS, this.#end('handed-over'));
  }

  hurry(): void {
    const { running } = this.#parts;
    running.hurry();
    running.stopAll('shut-down');
  }

  async #end(afterGrace: StopReason): Promise<void> {
    const { state, releasers } = this.#parts;
    this.#afterGrace = afterGrace;
    state.unready('shutting-down');
    await releasers.releaseAll();
  }
}
