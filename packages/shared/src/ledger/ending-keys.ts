import { keys } from '../keys.ts';

/** The keys of every script that ends a job or gives it back, in the order that the scripts expect. */
export function endingKeys(id: string): string[] {
  return [
    keys.job(id),
    keys.input(id),
    keys.waitingPrefix,
    keys.adding,
    keys.queueDeadlines,
    keys.expiry,
    keys.events,
    keys.leases,
    keys.outputPrefix(id),
    keys.placements,
    keys.workerNews,
    keys.syncRuns,
    keys.limits,
    keys.places,
    keys.totals,
    keys.turnsPrefix,
    keys.lastTurn,
  ];
}
