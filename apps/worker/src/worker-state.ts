import type { WorkerReport } from '@conjob/shared';

/** Why a worker takes no jobs; the first one that holds is shown. */
const CAUSES = ['shutting-down', 'starting', 'engine-away', 'engine-full', 'drained'] as const;
export type Cause = (typeof CAUSES)[number];

const REASONS: Record<Exclude<Cause, 'drained'>, string> = {
  'shutting-down': 'It is shutting down.',
  starting: 'It is starting.',
  'engine-away': 'The engine does not answer.',
  'engine-full': 'The disk of the engine is full.',
};

export type ShownState = Pick<WorkerReport, 'state' | 'reason'>;

/**
 * Whether a worker takes jobs, and if not, why:
 *
 *     unready (starting) ─► ready ◄─► unready (engine away, its disk full)
 *                             ▲ └───► draining (told to by an operator, until told to resume)
 *                             └ any ─► unready (shutting down), for good
 *
 * Causes come and go by themselves, and several may hold at once: it is ready when none does.
 */
export class WorkerState {
  readonly #causes = new Map<Cause, string>([['starting', REASONS.starting]]);
  readonly #onChange: (shown: ShownState) => void;

  /** `onChange`: called when what is shown has changed. */
  constructor(onChange: (shown: ShownState) => void) {
    this.#onChange = onChange;
  }

  get shown(): ShownState {
    const cause = CAUSES.find((candidate) => this.#causes.has(candidate));
    if (cause === undefined) return { state: 'ready', reason: null };
    const state = cause === 'drained' ? 'draining' : 'unready';
    return { state, reason: this.#causes.get(cause) || null };
  }

  holds(cause: Cause): boolean {
    return this.#causes.has(cause);
  }

  unready(cause: Exclude<Cause, 'drained'>): void {
    this.#change(() => this.#causes.set(cause, REASONS[cause]));
  }

  /** What the operator asked for. Null: it is not, or no longer, drained. */
  drained(reason: string | null): void {
    if (reason === null) this.over('drained');
    else this.#change(() => this.#causes.set('drained', reason));
  }

  over(cause: Exclude<Cause, 'shutting-down'>): void {
    this.#change(() => this.#causes.delete(cause));
  }

  #change(change: () => void): void {
    const before = this.shown;
    change();
    const now = this.shown;
    if (now.state !== before.state || now.reason !== before.reason) this.#onChange(now);
  }
}
