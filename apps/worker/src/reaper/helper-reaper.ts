import { keys, type Logger } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { ContainerId, Engine, ListedContainer } from '../engine/engine.ts';
import { LABELS } from '../engine/labels.ts';
import { unusedHelpers } from '../networks/unused-helpers.ts';
import { within } from '../within.ts';
import { GRACE_MS } from './fate.ts';

export interface HelperReaperOptions {
  readonly engine: Engine;
  /** A connection that fails at once while Redis is away. */
  readonly redis: Redis;
  readonly installation: string;
  readonly logger: Logger;
  /** Monotonic, in milliseconds. */
  readonly now?: () => number;
}

const REDIS_MS = 1_000;

/** `silent`: somebody has its name, and was not seen to renew it yet. */
type WorkerSeen = 'gone' | 'silent' | 'live';

/**
 * Removes the helpers of workers whose names nobody holds, when no job is in them any more. Those of a
 * worker that lives are its own to look after.
 */
export class HelperReaper {
  readonly #options: HelperReaperOptions;
  readonly #now: () => number;
  /** Since when they were seen to be nobody's. */
  #orphanedSince = new Map<ContainerId, number>();
  /** The first sign of life of each worker that was seen. */
  #firstSigns = new Map<string, string | null>();

  constructor(options: HelperReaperOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** From now on only what is seen from now on counts as a sign that a worker lives. */
  forgetSigns(): void {
    this.#firstSigns.clear();
  }

  /** True when there are helpers of which it is not sure that a worker looks after them. Throws when the engine is away. */
  async pass(): Promise<boolean> {
    const { engine, installation } = this.#options;
    const helpers = await engine.list({ [LABELS.helperOf]: installation });
    const states = await this.#statesOf([...new Set(helpers.map(workerOf))]);
    const of = (state: WorkerSeen) => helpers.filter((it) => states.get(workerOf(it)) === state);
    const orphans = of('gone');
    const removed = orphans.length === 0 ? 0 : await this.#removeUnused(orphans);
    const now = this.#now();
    this.#orphanedSince = new Map(
      orphans.map(({ id }) => [id, this.#orphanedSince.get(id) ?? now]),
    );
    return helpers.length - removed > of('live').length;
  }

  async #statesOf(workers: readonly string[]): Promise<ReadonlyMap<string, WorkerSeen>> {
    if (workers.length === 0) return new Map();
    const { redis } = this.#options;
    const names = workers.map((worker) => keys.workerName(worker));
    const asked = redis.mget([...names, ...workers.map((worker) => keys.worker(worker))]);
    const answers = await within(REDIS_MS, asked).catch(() => undefined);
    if (answers === undefined) return new Map();
    return new Map(
      workers.map((worker, index) => {
        const sign = answers[workers.length + index] ?? null;
        if (!this.#firstSigns.has(worker)) this.#firstSigns.set(worker, sign);
        if (answers[index] === null) return [worker, 'gone'];
        return [worker, sign === this.#firstSigns.get(worker) ? 'silent' : 'live'];
      }),
    );
  }

  async #removeUnused(orphans: readonly ListedContainer[]): Promise<number> {
    const { engine, installation } = this.#options;
    const unused = new Set((await unusedHelpers(engine, installation)).map(({ id }) => id));
    const isOver = (id: ContainerId) =>
      this.#now() - (this.#orphanedSince.get(id) ?? Number.POSITIVE_INFINITY) >= GRACE_MS;
    const due = orphans.filter(({ id }) => unused.has(id) && isOver(id));
    for (const helper of due) await this.#remove(helper);
    return due.length;
  }

  async #remove({ id, labels }: ListedContainer): Promise<void> {
    const about = { network: labels[LABELS.network], worker: labels[LABELS.worker] };
    const { engine, logger } = this.#options;
    await engine.remove(id);
    logger.info(about, 'removed a helper whose worker is gone');
  }
}

function workerOf({ labels }: ListedContainer): string {
  return labels[LABELS.worker] ?? '';
}
