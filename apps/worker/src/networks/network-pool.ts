import { within } from '../within.ts';
import type { HeldNetwork } from './held-network.ts';

/** Whether a held network that a job has used, and left clean, may be used by another one. */
export type ReusePolicy = 'clean' | 'never';

/**
 * How the job in a held network ended. `ended`: by itself, and with all its processes, and nobody can be in it again.
 * `spent`: it is over, but whether its processes are is not sure, or its container is kept. `unclear`: its container may be running, or be about to.
 */
export type NetworkEnd = 'ended' | 'spent' | 'unclear';

export interface NetworkPoolOptions {
  readonly make: () => Promise<HeldNetwork>;
  /** Ends one that no job is in. */
  readonly remove: (held: HeldNetwork) => Promise<void>;
  /** How many there are at most, those in use included. */
  readonly size: number;
  readonly reuse: ReusePolicy;
  /** None could be made. The pool tries again by itself. */
  readonly onFailure: (error: unknown) => void;
  /** Monotonic, in milliseconds. */
  readonly now?: () => number;
}

/**
 * The host's name servers may change, which one made before does not see: none is used for longer. And a
 * pool that nobody has used for so long is left empty.
 */
export const MAX_AGE_MS = 300_000;
/** So long a job waits for the check of a held network: to make a network takes longer. */
const CHECK_MS = 300;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

/**
 * Held networks of one kind, made ahead, one after the other, as many as were missed.
 * Who finds none ready does without: nobody waits for one to be made. Each is used by one job at a time.
 */
export class NetworkPool {
  readonly #options: NetworkPoolOptions;
  readonly #now: () => number;
  readonly #ready: HeldNetwork[] = [];
  readonly #inUse = new Set<HeldNetwork>();
  /** Resolve when it is known whether another one is ready; never reject. */
  readonly #checks = new Set<Promise<void>>();
  readonly #removals = new Set<Promise<void>>();
  #filling: Promise<void> | undefined;
  #wantedAt = Number.NEGATIVE_INFINITY;
  /** How many there are to be: one more whenever one was missed. */
  #target = 0;
  #retryMs = FIRST_RETRY_MS;
  #retry: NodeJS.Timeout | undefined;
  #isPaused = false;
  #hasEnded = false;

  constructor(options: NetworkPoolOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** How many are ready, the one that is being looked into included, and how many have a job in them. */
  get counts(): { readonly ready: number; readonly inUse: number } {
    return { ready: this.#ready.length + this.#checks.size, inUse: this.#inUse.size };
  }

  /** All that there are, with and without a job. */
  get size(): number {
    return this.#ready.length + this.#inUse.size + this.#checks.size;
  }

  /** One for the caller alone, until that gives it back; null when none is ready. */
  async take(): Promise<HeldNetwork | null> {
    if (!this.#isWanted) this.#target = 0;
    this.#wantedAt = this.#now();
    const held = await this.#next();
    if (held === undefined) this.#target = Math.min(this.#target + 1, this.#options.size);
    this.#fill();
    return held ?? null;
  }

  giveBack(held: HeldNetwork, end: NetworkEnd): void {
    if (!this.#inUse.delete(held)) return;
    const mayBeReused = this.#options.reuse === 'clean' && !this.#hasEnded && this.#isYoung(held);
    if (end === 'ended' && mayBeReused) {
      this.#check(held);
      return;
    }
    held.close();
    if (end !== 'unclear') this.#remove(held);
    this.#fill();
  }

  /** To be called from time to time: removes what is too old to be used. */
  retireOld(): void {
    for (const held of [...this.#ready]) if (!this.#isYoung(held)) this.#retire(held);
  }

  /** From now on none is made: no more jobs come for a while. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Makes up for what was missed meanwhile. */
  resume(): void {
    this.#isPaused = false;
    this.#fill();
  }

  /** Removes all but those with a job in them. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    clearTimeout(this.#retry);
    await Promise.all([this.#filling, ...this.#checks]);
    for (const held of [...this.#ready]) this.#retire(held);
    for (const held of this.#inUse) held.close();
    await Promise.all(this.#removals);
  }

  /** The one that was just used may be about to be ready: that takes less than to do without. Several may wait for several. */
  async #next(): Promise<HeldNetwork | undefined> {
    const giveUpAt = performance.now() + CHECK_MS;
    for (;;) {
      this.retireOld();
      const held = this.#ready.pop();
      if (held !== undefined) this.#inUse.add(held);
      const leftMs = giveUpAt - performance.now();
      if (held !== undefined || this.#checks.size === 0 || leftMs <= 0) return held;
      await within(leftMs, Promise.race(this.#checks));
    }
  }

  #check(held: HeldNetwork): void {
    const check = held.isAsMade().then((isAsMade) => {
      this.#checks.delete(check);
      if (isAsMade) this.#ready.push(held);
      else {
        held.close();
        this.#remove(held);
        this.#fill();
      }
    });
    this.#checks.add(check);
  }

  /** Takes one away that is ready. */
  #retire(held: HeldNetwork): void {
    const index = this.#ready.indexOf(held);
    if (index < 0) return;
    this.#ready.splice(index, 1);
    held.close();
    this.#remove(held);
  }

  #remove(held: HeldNetwork): void {
    const removal = this.#options.remove(held).finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  #fill(): void {
    if (!this.#wantsMore || this.#retry !== undefined) return;
    this.#filling ??= this.#makeMore().finally(() => {
      this.#filling = undefined;
      // Somebody may have wanted more at the very end.
      this.#fill();
    });
  }

  async #makeMore(): Promise<void> {
    try {
      while (this.#wantsMore) {
        const held = await this.#options.make();
        this.#ready.push(held);
        // Also while a job is in it: then it is not as it was made, when that has ended.
        void held.gone.then(() => {
          this.#retire(held);
          this.#fill();
        });
        this.#retryMs = FIRST_RETRY_MS;
      }
    } catch (error) {
      this.#options.onFailure(error);
      if (this.#hasEnded) return;
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        this.#fill();
      }, this.#retryMs);
      this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
    }
  }

  get #wantsMore(): boolean {
    const isOpen = !this.#isPaused && !this.#hasEnded;
    return isOpen && this.#isWanted && this.size < this.#target;
  }

  get #isWanted(): boolean {
    return this.#now() - this.#wantedAt < MAX_AGE_MS;
  }

  #isYoung({ madeAt }: HeldNetwork): boolean {
    return this.#now() - madeAt < MAX_AGE_MS;
  }
}
