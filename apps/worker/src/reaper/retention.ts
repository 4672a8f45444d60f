import type { ContainerId, Engine, ListedContainer } from '../engine/engine.ts';
import { LABELS } from '../engine/labels.ts';
import type { Upkeep } from '../engine/upkeep.ts';

export type EngineClock = Pick<Upkeep, 'now'>;

/** How long what the engine said of its clock is gone by. */
const CLOCK_MS = 60_000;

/** Knows which ended containers are still to be kept, asking the engine as little as it can. */
export class Retention {
  readonly #engine: Engine;
  readonly #clock: EngineClock;
  readonly #now: () => number;
  readonly #keptUntil = new Map<ContainerId, number>();
  #told: { readonly engineNow: number; readonly at: number } | undefined;

  constructor(engine: Engine, clock: EngineClock, now: () => number) {
    this.#engine = engine;
    this.#clock = clock;
    this.#now = now;
  }

  /** Whether an ended container has been kept for long enough. By the engine's clock alone. */
  async isOver(container: ListedContainer): Promise<boolean> {
    const keepMs = Number(container.labels[LABELS.keepSeconds] ?? 0) * 1000;
    if (keepMs === 0) return true;
    const engineNow = await this.#engineNow();
    // It ended after it was made: no need to ask when.
    if (engineNow < container.createdAt + keepMs) return false;
    const known = this.#keptUntil.get(container.id);
    if (known !== undefined) return engineNow >= known;
    const state = await this.#engine.inspect(container.id);
    // Started again by somebody: it is looked at anew.
    if (state !== null && state.status !== 'exited') return false;
    const until = (state?.finishedAt ?? container.createdAt) + keepMs;
    this.#keptUntil.set(container.id, until);
    return engineNow >= until;
  }

  /** Forgets all others: they are gone. */
  keep(ids: ReadonlySet<ContainerId>): void {
    for (const id of this.#keptUntil.keys()) if (!ids.has(id)) this.#keptUntil.delete(id);
  }

  async #engineNow(): Promise<number> {
    const at = this.#now();
    if (this.#told === undefined || at - this.#told.at > CLOCK_MS) {
      this.#told = { engineNow: await this.#clock.now(), at };
    }
    return this.#told.engineNow + (at - this.#told.at);
  }
}
