import type { Fate } from './fate.ts';
import type { Observation } from './observation.ts';

const MAX_LOOK_MS = 1_000;
const MAX_IDLE_MS = 5_000;
const MIN_MS = 20;

/**
 * How often to look. A renewal that is missed, since Redis goes away, makes a lease seem older than it is
 * by the time between two looks: that must stay short against it. And a container that is seen first
 * when its lease is old already must still be seen in time.
 */
export class Pace {
  #leaseMs: number;

  /** `leaseMs`: the shortest lease of the workers on this engine. Shorter ones are noticed when they are seen. */
  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /** Between two looks, while there is something to see; also the longest time that one may take. */
  get lookMs(): number {
    return Math.min(MAX_LOOK_MS, this.#leaseMs / 10);
  }

  /** While nothing is there, or only what is kept for its owner. */
  get idleMs(): number {
    return Math.min(MAX_IDLE_MS, this.#leaseMs / 6);
  }

  /** After a pass that found these. */
  nextInMs(found: readonly Found[]): number {
    const leases = found.map(({ observation }) =>
      observation.kind === 'leased' ? observation.leaseMs : Infinity,
    );
    this.#leaseMs = Math.min(this.#leaseMs, ...leases);
    const active = found.filter(({ fate }) => fate.kind !== 'retire');
    if (active.length === 0) return this.idleMs;
    const dues = active.map(({ fate }) => (fate.kind === 'leave' ? fate.dueInMs : Infinity));
    return Math.max(MIN_MS, Math.min(this.lookMs, ...dues));
  }
}

interface Found {
  readonly observation: Observation;
  readonly fate: Fate;
}
