import type { RowResult } from './row-result.ts';

/** What several results come to together: counts added up, times and sizes at their worst. */
export interface Tally {
  readonly results: readonly RowResult[];
  readonly operations: number;
  readonly ok: number;
  readonly fail: number;
  readonly unknown: number;
  readonly lost: number;
  readonly doubled: number;
  readonly overlapMs: number;
  readonly orphans: number;
  readonly recoveryMs: readonly number[];
  readonly peakBytes: number;
}

function tallyOf(results: readonly RowResult[]): Tally {
  const sum = (of: (result: RowResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  return {
    results,
    operations: sum(({ operations }) => operations),
    ok: sum(({ ok }) => ok),
    fail: sum(({ fail }) => fail),
    unknown: sum(({ unknown }) => unknown),
    lost: sum(({ lost }) => lost),
    doubled: sum(({ doubled }) => doubled),
    overlapMs: Math.max(0, ...results.map(({ overlapMs }) => overlapMs)),
    orphans: sum(({ orphans }) => orphans),
    recoveryMs: results.flatMap(({ recoveryMs }) => recoveryMs),
    peakBytes: Math.max(0, ...results.map(({ peakBytes }) => peakBytes)),
  };
}

/** One tally for each value of `of`, in the order in which these come up. */
export function talliesBy(
  results: readonly RowResult[],
  of: (result: RowResult) => string | number,
): Tally[] {
  return [...Map.groupBy(results, of).values()].map(tallyOf);
}
