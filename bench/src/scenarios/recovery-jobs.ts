import type { JobView } from '../jobs/jobs-api.ts';

/** Which of the accepted jobs are not known any more, or have ended in any other way than well. */
export function lostJobs(
  accepted: readonly string[],
  known: readonly Pick<JobView, 'id' | 'state' | 'conclusion'>[],
): string[] {
  const kept = new Set(
    known
      .filter(({ state, conclusion }) => state !== 'finished' || conclusion === 'SUCCESS')
      .map(({ id }) => id),
  );
  return accepted.filter((id) => !kept.has(id));
}
