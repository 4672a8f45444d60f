import { writeFile } from 'node:fs/promises';
import type { Logger } from '@conjob/shared';
import type { ClockSkew } from './clock-skew.ts';
import { every } from './every.ts';
import type { Slots } from './intake/slots.ts';
import { NameTakenError, type WorkerName } from './worker-name.ts';
import type { WorkerState } from './worker-state.ts';

export interface HeartbeatOptions {
  readonly everyMs: number;
  readonly name: WorkerName;
  readonly skew: ClockSkew;
  readonly state: WorkerState;
  readonly slots: Slots;
  readonly intakes: { refresh(): Promise<void> };
  /** Written with each beat: for health checks. */
  readonly file: string | undefined;
  readonly onLost: (error: NameTakenError) => void;
  readonly logger: Logger;
}

/** So late others may learn that all slots are taken, or that one is free. */
const SOON_MS = 500;

/**
 * The signs of life of a worker. With each it holds its name, says how it is, and hears whether it is
 * drained and which jobs there are for it: whatever else it was told and missed, it learns here.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #endEvery: () => Promise<void>;
  #hasEnded = false;
  #saidFull = false;
  #soon: NodeJS.Timeout | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#endEvery = every(
      options.everyMs,
      () => this.#beat(),
      (error) => this.#onError(error),
    );
    options.slots.onChange(() => this.#onSlots());
  }

  /** One more, at once. */
  now(): void {
    if (!this.#hasEnded) this.#beat().catch((error: unknown) => this.#onError(error));
  }

  async end(): Promise<void> {
    this.#hasEnded = true;
    clearTimeout(this.#soon);
    await this.#endEvery();
  }

  /** Whoever drains it waits for its last job. Else only whether it is full matters, and does not flicker. */
  #onSlots(): void {
    if (this.#hasEnded) return;
    if (this.#options.state.shown.state !== 'ready') this.now();
    else
      this.#soon ??= setTimeout(() => {
        this.#soon = undefined;
        if (this.#isFull !== this.#saidFull) this.now();
      }, SOON_MS);
  }

  get #isFull(): boolean {
    return this.#options.slots.free === 0;
  }

  async #beat(): Promise<void> {
    const { name, skew, state, intakes, file } = this.#options;
    this.#saidFull = this.#isFull;
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
