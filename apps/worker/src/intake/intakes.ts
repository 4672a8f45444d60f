import { type Labels, Lines, type Logger, RUN_QUEUE } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { Delivery, Disposition } from './delivery.ts';
import { Intake, type Place } from './intake.ts';
import { nextInLine } from './next-in-line.ts';
import { fittingQueues } from './placements.ts';
import type { RunLimit } from './run-limit.ts';
import type { Slots } from './slots.ts';

export interface IntakesOptions {
  readonly redis: Redis;
  /** Name of the worker. */
  readonly name: string;
  readonly labels: Labels;
  readonly slots: Slots;
  readonly runLimit: RunLimit;
  readonly leaseMs: number;
  readonly process: (delivery: Delivery) => Promise<Disposition>;
  readonly logger: Logger;
}

/** Another worker may have been quicker to take the job for which a slot is kept. */
const TURN_MS = 50;

/**
 * Takes jobs from every queue whose jobs this worker can run, and never more at once than it has slots, or than
 * the limit allows that all workers share.
 *
 * While slots are free, all queues are open. When none is left all are shut, so that a job goes to a
 * worker that is free. When one becomes free again and there are several queues, one of them has its turn, as
 * `nextInLine` says: else a queue that is never empty would keep
 * the others waiting for ever, since BullMQ takes the next job of a queue with the end of the last.
 */
export class Intakes {
  readonly #options: IntakesOptions;
  readonly #slots: Slots;
  readonly #runLimit: RunLimit;
  readonly #lines: Lines;
  readonly #intakes = new Map<string, Intake>();
  /** Of placements that are no longer used: they end what they run. */
  readonly #closing = new Set<Promise<void>>();
  #isHeld = true;
  #isClosed = false;
  #wasFull = false;
  #isAsking = false;
  #turn: NodeJS.Timeout | undefined;

  /** Takes nothing until {@link resume}. */
  constructor(options: IntakesOptions) {
    this.#options = options;
    this.#slots = options.slots;
    this.#lines = new Lines(options.redis);
    this.#runLimit = options.runLimit;
    this.#slots.onChange(() => this.#share());
    this.#runLimit.onChange(() => this.#share());
  }

  /** Keeps a slot for each of these until it settles: jobs that this worker runs without having taken them. */
  keepSlots(jobs: readonly Promise<void>[]): void {
    for (const job of jobs) {
      const release = this.#slots.occupy();
      void job.then(release, release);
    }
  }

  /** Opens and closes queues, by the jobs that there are for this worker's labels. */
  async refresh(): Promise<void> {
    const { redis, labels } = this.#options;
    const queues = await fittingQueues(redis, labels);
    if (this.#isClosed) return;
    const opened = [...queues].filter((queue) => !this.#intakes.has(queue));
    for (const queue of opened) this.#intakes.set(queue, this.#open(queue));
    for (const queue of [...this.#intakes.keys()]) if (!queues.has(queue)) this.#forget(queue);
    if (opened.length > 0) this.#share();
  }

  /** Resolves when all queues that are open by now can be taken from. */
  async ready(): Promise<void> {
    await Promise.all([...this.#intakes.values()].map((intake) => intake.ready()));
  }

  /** Takes no more. What runs goes on. */
  hold(): void {
    this.#isHeld = true;
    this.#share();
  }

  resume(): void {
    this.#isHeld = false;
    this.#share();
  }

  /** Takes no more, for good. Resolves when what was taken has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.hold();
    const closed = [...this.#intakes.values()].map((intake) => intake.close());
    await Promise.all([...closed, ...this.#closing]);
  }

  #open(queue: string): Intake {
    const { redis, name, leaseMs, process, logger } = this.#options;
    if (queue !== RUN_QUEUE) logger.info({ queue }, 'taking jobs that require labels');
    return new Intake({
      redis,
      queue,
      name,
      leaseMs,
      logger,
      process,
      onTaken: () => this.#onTaken(),
    });
  }

  #forget(queue: string): void {
    const closed = this.#intakes.get(queue)?.close() ?? Promise.resolve();
    this.#intakes.delete(queue);
    const closing = closed.finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  get #free(): number {
    return Math.min(this.#slots.free, this.#runLimit.free);
  }

  #onTaken(): Place | null {
    if (this.#isHeld || this.#free === 0) return null;
    // In this order: for a moment a slot more would seem to be free, and the queue be shut and opened for it.
    const free = this.#slots.occupy();
    const answered = this.#runLimit.ask();
    const release = () => {
      answered(null);
      free();
    };
    return { answered, release };
  }

  /** Tells each queue how much may be taken from it. */
  #share(): void {
    clearTimeout(this.#turn);
    const intakes = [...this.#intakes.values()];
    const free = this.#free;
    if (this.#isHeld) {
      for (const intake of intakes) intake.hold();
      return;
    }
    if (free === 0) this.#wasFull = true;
    const isOneToChoose = this.#wasFull && free > 0 && intakes.length > 1;
    for (const intake of intakes) intake.allow(isOneToChoose ? 0 : free);
    if (isOneToChoose) void this.#giveTurn();
  }

  async #giveTurn(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const queue = await this.#lines.heads([...this.#intakes.keys()]).then(nextInLine, () => null);
    this.#isAsking = false;
    if (this.#isHeld || this.#free === 0) return;
    const openAll = (): void => {
      this.#wasFull = false;
      this.#share();
    };
    const first = queue === null ? undefined : this.#intakes.get(queue);
    if (first === undefined) return openAll();
    first.allow(1);
    clearTimeout(this.#turn);
    this.#turn = setTimeout(openAll, TURN_MS);
  }
}
