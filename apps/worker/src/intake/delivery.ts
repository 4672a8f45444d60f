import type { ClaimOutcome } from '@conjob/shared';

/** What the queue hands over: not a job, but a ticket for the one that is next there. The ledger knows which. */
export interface Delivery {
  readonly queue: string;
  readonly ticket: string;
  /** How often it has been handed over, this time included. */
  readonly count: number;
  /** To be called with the answer of the ledger, as soon as it is known. */
  readonly answered: (kind: ClaimOutcome['kind']) => void;
}

/**
 * What becomes of a delivery.
 * - `done`: the queue forgets it.
 * - `back`: to its place in the queue, for whoever takes it next.
 * - `laterMs`: not before so long, and then behind all that are as important.
 */
export type Disposition = 'done' | 'back' | { readonly laterMs: number };
