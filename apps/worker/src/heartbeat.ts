import { writeFile } from 'node:fs/promises';
import type { Logger } from '@conjob/shared';
import type { ClockSkew } from './clock-skew.ts';
import { every } from './every.ts';
import { NameTakenError, type WorkerName } from './worker-name.ts';
import type { WorkerState } from './worker-state.ts';

export interface HeartbeatOptions {
  readonly everyMs: number;
  readonly name: WorkerName;
  readonly skew: ClockSkew;
  readonly state: WorkerState;
  readonly intakes: { refresh(): Promise<void> };
  /** Written with each beat: for health checks. */
  readonly file: string | undefined;
  readonly onLost: (error: NameTakenError) => void;
  readonly logger: Logger;
}

/**
 * The signs of life of a worker. With each it holds its name, says how it is, and hears whether it is
 * drained and which jobs there are for it: whatever else it was told and missed, it learns here.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #endEvery: () => Promise<void>;
  #hasEnded = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#endEvery = every(
      options.everyMs,
      () => this.#beat(),
      (error) => this.#onError(error),
    );
  }

  /** One more, at once. */
  now(): void {
    if (!this.#hasEnded) this.#beat().catch((error: unknown) => this.#onError(error));
  }

  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.#endEvery();
  }

  async #beat(): Promise<void> {
    const { name, skew, state, intakes, file } = this.#options;
    const { drained } = await skew.measure(() => name.renew());
    state.drained(drained);
    if (file) await writeFile(file, '');
    await intakes.refresh();
  }

  #onError(error: unknown): void {
    if (error instanceof NameTakenError) this.#options.onLost(error);
    else this.#options.logger.warn({ err: error }, 'heartbeat');
  }
}
