import type { Submissions } from '@conjob/shared';
import type { JobQueue } from '../queue/job-queue.ts';

const KEPT_MS = 3600 * 1000;

interface Dependencies {
  readonly ledger: Submissions;
  readonly queue: JobQueue;
  readonly keptMs?: number;
}

/** Forgets requirements that no job has had for an hour, so that workers need not look at their queues. */
export async function forgetPlacements(dependencies: Dependencies): Promise<void> {
  const { ledger, queue, keptMs = KEPT_MS } = dependencies;
  for (const requires of await ledger.placements()) {
    if (await ledger.forgetPlacement(requires, keptMs)) await queue.forget(requires);
  }
}
