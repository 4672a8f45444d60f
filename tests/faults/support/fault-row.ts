import { expect, it } from 'vitest';
import { worstOverlapMs } from './check/runs.ts';
import { doubles, lostOperations } from './check/transitions.ts';
import { useEngines } from './cluster/use-engines.ts';
import { type Played, playRow, type Row } from './play-row.ts';
import type { RowResult } from './report/row-result.ts';
import { SEED } from './seed.ts';
import type { Stage } from './stage.ts';

const TIMEOUT_MS = 300_000;

/** One row of the fault matrix, as a test: it passes when the product kept every promise. */
export function faultRow(row: Row, play: (stage: Stage) => Promise<void>): void {
  const engines = useEngines();
  it(`${row.row}: ${row.fault}`, { timeout: row.timeoutMs ?? TIMEOUT_MS }, async ({ task }) => {
    const start = performance.now();
    // One that breaks off has not shown anything: it stays in the table all the same.
    task.meta.faultRow = { ...NOTHING, row: row.row, fault: row.fault };
    await playRow(engines(), row, play, (played) => {
      const result = resultOf(row, played, performance.now() - start);
      task.meta.faultRow = result;
      expect(result.violations).toEqual([]);
      expect(result.controls, 'a row without a control proves nothing').not.toEqual([]);
    });
  });
}

const NOTHING = {
  seed: SEED,
  ...{ operations: 0, ok: 0, fail: 0, unknown: 0, lost: 0, doubled: 0, overlapMs: 0, orphans: 0 },
  ...{ recoveryMs: [], peakBytes: 0, controls: [], figures: {}, tookMs: 0 },
  violations: ['it broke off'],
};

function resultOf(
  { row, fault }: Row,
  { stage, evidence, violations }: Played,
  tookMs: number,
): RowResult {
  const { operations } = evidence;
  const count = (outcome: string) => operations.filter((one) => one.outcome === outcome).length;
  return {
    row,
    fault,
    seed: SEED,
    operations: operations.length,
    ok: count('ok'),
    fail: count('fail'),
    unknown: count('unknown'),
    lost: lostOperations(evidence).length,
    doubled: doubles(evidence).length,
    overlapMs: worstOverlapMs(evidence),
    orphans: evidence.leftovers.length,
    recoveryMs: stage.recoveryMs,
    peakBytes: evidence.peakBytes,
    controls: stage.controls,
    figures: stage.figures,
    violations: violations.map(({ invariant, says }) => `${invariant}: ${says}`),
    tookMs,
  };
}
