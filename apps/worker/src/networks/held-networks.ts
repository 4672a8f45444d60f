import { randomUUID } from 'node:crypto';
import type { Logger, WorkerReport } from '@conjob/shared';
import type { Engine, ListedContainer } from '../engine/engine.ts';
import type { Helpers } from '../engine/helpers.ts';
import { LABELS } from '../engine/labels.ts';
import { every } from '../every.ts';
import { HeldNetwork, type NetworkMode, type NetworkOwner } from './held-network.ts';
import { type NetworkEnd, NetworkPool, type ReusePolicy } from './network-pool.ts';
import { unusedHelpers } from './unused-helpers.ts';

/** What jobs need of networks. */
export interface NetworkSource {
  /** One for a job alone, until it is given back; null when none is ready. */
  take(mode: NetworkMode): Promise<HeldNetwork | null>;
  giveBack(held: HeldNetwork, end: NetworkEnd): void;
}

/** Each container gets a network of its own. */
export const NO_HELD_NETWORKS: NetworkSource = { take: async () => null, giveBack: () => {} };

export interface HeldNetworksOptions {
  readonly engine: Engine;
  readonly helpers: Helpers;
  readonly owner: NetworkOwner;
  /** For each kind of network as many networks, at most. */
  readonly slots: number;
  readonly reuse: ReusePolicy;
  readonly logger: Logger;
}

const SWEEP_MS = 10_000;

/** The networks of a worker, and what earlier processes of it have left of theirs. */
export class HeldNetworks implements NetworkSource {
  readonly #options: HeldNetworksOptions;
  readonly #pools: Readonly<Record<NetworkMode, NetworkPool>>;
  /** Names of those that are in a pool, or about to be. */
  readonly #names = new Set<string>();
  #firstSweep: Promise<void> | undefined;
  #endSweeps: (() => Promise<void>) | undefined;

  constructor(options: HeldNetworksOptions) {
    this.#options = options;
    this.#pools = { none: this.#pool('none'), bridge: this.#pool('bridge') };
  }

  /** Removes what is left of earlier processes and no job is in, at once and from time to time. Never throws. */
  async begin(): Promise<void> {
    const warn = (error: unknown) =>
      this.#options.logger.warn({ err: error }, 'could not look for networks that nobody needs');
    this.#endSweeps = every(SWEEP_MS, () => this.#sweep(), warn);
    this.#firstSweep = this.#sweep().catch(warn);
    await this.#firstSweep;
  }

  /** How many there are for jobs, and how many have one in them. */
  get counts(): NonNullable<WorkerReport['heldNetworks']> {
    return { none: this.#pools.none.counts, bridge: this.#pools.bridge.counts };
  }

  take(mode: NetworkMode): Promise<HeldNetwork | null> {
    return this.#pools[mode].take();
  }

  giveBack(held: HeldNetwork, end: NetworkEnd): void {
    // Whoever is in it keeps it; when nobody is any more, it is swept up.
    if (end === 'unclear') this.#names.delete(held.name);
    this.#pools[held.mode].giveBack(held, end);
  }

  /** Makes none while its worker takes no jobs. Those that there are stay, for a while: it may take some again. */
  pause(): void {
    for (const pool of Object.values(this.#pools)) pool.pause();
  }

  resume(): void {
    for (const pool of Object.values(this.#pools)) pool.resume();
  }

  /** Removes all that no job is in. Those of jobs that are handed over are their next worker's. */
  async end(): Promise<void> {
    await Promise.all([this.#firstSweep, this.#endSweeps?.()]);
    await Promise.all(Object.values(this.#pools).map((pool) => pool.end()));
    // Those of jobs of which it was not clear whether they had ended.
    await this.#sweep();
  }

  async #sweep(): Promise<void> {
    const { engine, owner, logger } = this.#options;
    for (const pool of Object.values(this.#pools)) pool.retireOld();
    const unused = await unusedHelpers(engine, owner.installation, owner.worker);
    const nobodys = unused.filter(({ labels }) => !this.#names.has(labels[LABELS.network] ?? ''));
    const remove = async ({ id, labels }: ListedContainer): Promise<void> => {
      await engine.remove(id);
      const network = labels[LABELS.network];
      logger.info({ network }, 'removed a held network that no job needs any more');
    };
    await Promise.all(nobodys.map(remove));
  }

  #pool(mode: NetworkMode): NetworkPool {
    const { helpers, owner, slots, reuse, logger } = this.#options;
    return new NetworkPool({
      size: slots,
      reuse,
      make: async () => {
        const name = randomUUID();
        this.#names.add(name);
        try {
          return await HeldNetwork.make(helpers, owner, mode, name);
        } catch (error) {
          this.#names.delete(name);
          throw error;
        }
      },
      remove: (held) => this.#remove(held),
      onFailure: (error) =>
        logger.warn(
          { err: error, mode },
          'could not make a held network; jobs go without for a while',
        ),
    });
  }

  async #remove({ name, helper }: HeldNetwork): Promise<void> {
    const { engine, logger } = this.#options;
    try {
      await engine.remove(helper);
    } catch (error) {
      logger.warn(
        { err: error, network: name },
        'could not remove a held network; it is tried again',
      );
    } finally {
      this.#names.delete(name);
    }
  }
}
