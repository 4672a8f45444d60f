import type { Logger } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { ContainerId, Engine, ListedContainer } from '../engine/engine.ts';
import { LABELS } from '../engine/labels.ts';
import { removeContainer } from '../remove-container.ts';
import { type Fate, fateOf, isSettled } from './fate.ts';
import { LedgerEye } from './ledger-eye.ts';
import { type Observation, observe } from './observation.ts';
import type { Pace } from './pace.ts';
import { type EngineClock, Retention } from './retention.ts';

export interface ReaperOptions {
  readonly engine: Engine;
  readonly engineClock: EngineClock;
  /** A connection that fails at once while Redis is away. */
  readonly redis: Redis;
  /** Only containers of this one are looked at. */
  readonly installation: string;
  readonly pace: Pace;
  readonly logger: Logger;
  /** Monotonic, in milliseconds. */
  readonly now?: () => number;
}

/**
 * Hosts keep thousands of ended containers, and listing all of them is not free: in between, only those are
 * listed that have not ended, so that it takes a fiftieth of the time at most.
 */
const PAUSE_PER_FULL_LIST = 50;

/** After a failure. A kill can't wait. */
const RETRY_MS = { kill: 1_000, remove: 10_000, retire: 10_000 } as const;
type Deed = keyof typeof RETRY_MS;

/**
 * Kills and removes the containers of one engine that nobody needs, by what the ledger says of them: whoever
 * made them may be gone, or hang. Several reapers may look after the same engine.
 */
export class Reaper {
  readonly #options: ReaperOptions;
  readonly #now: () => number;
  readonly #ledger: LedgerEye;
  readonly #retention: Retention;
  #seen = new Map<ContainerId, Observation>();
  /** As of the last full list. */
  #ended: readonly ListedContainer[] = [];
  #nextFullListAt = Number.NEGATIVE_INFINITY;
  readonly #underWay = new Map<ContainerId, Promise<void>>();
  readonly #notBefore = new Map<ContainerId, number>();

  constructor(options: ReaperOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#ledger = new LedgerEye(options.redis, this.#now);
    this.#retention = new Retention(options.engine, options.engineClock, this.#now);
  }

  /**
   * Looks at the containers once, and begins what has to be done. Throws when the engine is away.
   * `full`: also at those that have ended since the last list of all.
   */
  async pass({ full = false } = {}): Promise<PassReport> {
    const { pace } = this.#options;
    const containers = await this.#list(full);
    this.#seen = await this.#look(containers);
    this.#forgetGone(containers);
    const now = this.#now();
    const entries = containers.map((container) => {
      const observation = this.#seen.get(container.id) ?? unseen(container, now);
      return { container, observation, fate: fateOf(container.status, observation, now) };
    });
    for (const { container, fate } of entries) this.#begin(container, fate, now);
    return { entries, nextInMs: pace.nextInMs(entries) };
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay.values());
  }

  async #list(full: boolean): Promise<readonly ListedContainer[]> {
    const { engine, installation } = this.#options;
    const ours = { [LABELS.installation]: installation };
    const at = this.#now();
    if (full || at >= this.#nextFullListAt) {
      const all = await engine.list(ours);
      this.#nextFullListAt = at + PAUSE_PER_FULL_LIST * (this.#now() - at);
      this.#ended = all.filter(({ status }) => status === 'exited');
      return all;
    }
    const unended = await engine.list(ours, 'unended');
    // Somebody can have started one again.
    const ids = new Set(unended.map(({ id }) => id));
    return [...unended, ...this.#ended.filter(({ id }) => !ids.has(id))];
  }

  async #look(containers: readonly ListedContainer[]): Promise<Map<ContainerId, Observation>> {
    const at = this.#now();
    const before = (it: ListedContainer) => this.#seen.get(it.id) ?? unseen(it, at);
    const seen = new Map(containers.map((container) => [container.id, before(container)]));
    const open = containers.filter((it) => !isSettled(it.status, before(it)));
    if (open.length === 0) return seen;
    const jobs = open.map(({ labels }) => labels[LABELS.job] ?? '');
    const look = await this.#ledger.look(jobs, this.#options.pace.lookMs);
    if (look === null) return seen;
    for (const [index, container] of open.entries()) {
      const attempt = Number(container.labels[LABELS.attempt]);
      const holder = look.holders[index] ?? null;
      seen.set(container.id, observe(before(container), attempt, holder, look));
    }
    return seen;
  }

  #begin(container: ListedContainer, fate: Fate, now: number): void {
    if (fate.kind === 'leave') return;
    const { id, labels } = container;
    if (this.#underWay.has(id) || now < (this.#notBefore.get(id) ?? now)) return;
    const about = { job: labels[LABELS.job], attempt: labels[LABELS.attempt], container: id };
    const { logger } = this.#options;
    const deed = this.#do(container, fate.kind)
      .then((done) => {
        const level = fate.kind === 'kill' ? 'warn' : 'info';
        if (done !== 'nothing') logger[level](about, `${done} the container: ${fate.why}`);
      })
      .catch((error: unknown) => {
        this.#notBefore.set(id, this.#now() + RETRY_MS[fate.kind]);
        logger.warn({ ...about, err: error }, `could not ${fate.kind} a container`);
      })
      .finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, deed);
  }

  async #do(container: ListedContainer, deed: Deed): Promise<'killed' | 'removed' | 'nothing'> {
    const { engine } = this.#options;
    if (deed === 'kill') {
      await engine.stop(container.id, 0);
      return 'killed';
    }
    if (deed === 'retire' && !(await this.#retention.isOver(container))) return 'nothing';
    const { labels } = container;
    const image = labels[LABELS.image] ?? '';
    const removeImage = labels[LABELS.removeImage] === 'true';
    await removeContainer(engine, { image, removeImage }, container.id);
    this.#ended = this.#ended.filter(({ id }) => id !== container.id);
    return 'removed';
  }

  #forgetGone(containers: readonly ListedContainer[]): void {
    const ids = new Set(containers.map(({ id }) => id));
    this.#retention.keep(ids);
    for (const id of this.#notBefore.keys()) if (!ids.has(id)) this.#notBefore.delete(id);
  }
}

function unseen({ labels }: ListedContainer, at: number): Observation {
  const leaseMs = Number(labels[LABELS.leaseMs] ?? Number.NaN);
  return { kind: 'unknown', since: at, leaseMs: Number.isNaN(leaseMs) ? null : leaseMs };
}

export interface PassReport {
  readonly entries: readonly PassEntry[];
  /** When to look again. */
  readonly nextInMs: number;
}

export interface PassEntry {
  readonly container: ListedContainer;
  readonly observation: Observation;
  readonly fate: Fate;
}
