import type { LineHead } from '@conjob/shared';

/**
 * From which queue the next job should be taken: whose turn comes first, among the groups that are next in one of
 * them; and where one group is next in several, where its most important job waits, and among equals the oldest.
 * Null when nothing waits.
 */
export function nextInLine(heads: readonly LineHead[]): string | null {
  const [first] = heads.toSorted((a, b) => a.turn - b.turn);
  const [next] = heads
    .filter(({ group }) => group === first?.group)
    .toSorted((a, b) => a.place - b.place || (a.id < b.id ? -1 : 1));
  return next?.queue ?? null;
}
