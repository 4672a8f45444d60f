/** What the queue hands over: not the job itself, which is in the ledger. */
export interface Delivery {
  readonly id: string;
  /** How often it has been handed over, this time included. */
  readonly count: number;
}

/**
 * What becomes of a delivery.
 * - `done`: the queue forgets it.
 * - `back`: to its place in the queue, for whoever takes it next.
 * - `laterMs`: not before so long, and then behind all that are as important.
 */
export type Disposition = 'done' | 'back' | { readonly laterMs: number };
