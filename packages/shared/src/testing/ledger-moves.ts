import type { Game } from './ledger-game.ts';
import type { Model } from './ledger-model.ts';
import { SERVICE_MOVES } from './service-moves.ts';
import { WORKER_MOVES } from './worker-moves.ts';

/** Does something to a job and to its model, and expects the answer that the model gives. */
export type Move = (game: Game, model: Model) => Promise<void>;

/** How often a move is made, where not as often as most: what brings a job on, more often. */
const WEIGHTS: Readonly<Record<string, number>> = {
  claim: 5,
  advance: 5,
  adopt: 3,
  endLease: 2,
  expireLease: 3,
  makeDue: 3,
};

export const CHANCES = Object.entries({ ...WORKER_MOVES, ...SERVICE_MOVES }).flatMap(
  ([name, move]) => Array.from({ length: WEIGHTS[name] ?? 1 }, () => ({ name, move })),
);
