import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { check } from './check/check.ts';
import type { Evidence, Tolerance } from './check/evidence.ts';
import { worstOverlapMs } from './check/runs.ts';
import { doubles, lostOperations } from './check/transitions.ts';
import { type Cluster, type ClusterOptions, startCluster } from './cluster/cluster.ts';
import { clearContainers, type Engines, startEngines, stopEngines } from './cluster/engines.ts';
import { Client } from './load/client.ts';
import { Load } from './load/load.ts';
import { LOG_FOLDER } from './report/results-folder.ts';
import type { RowResult } from './report/row-result.ts';
import { randomOf, SEED } from './seed.ts';
import { Stage } from './stage.ts';
import { startWitnesses, type Witnesses } from './witness/witnesses.ts';

export interface Row {
  /** Its number in the matrix; with a word after it for one of several forms. */
  readonly row: string;
  readonly fault: string;
  readonly cluster?: ClusterOptions;
  /** What this fault may cause; the default is nothing. */
  readonly tolerance?: Tolerance;
  /** Default five minutes. */
  readonly timeoutMs?: number;
}

let engines: Engines | undefined;

/**
 * One row of the fault matrix, as a test: fresh processes and a fresh Redis on the engines of the
 * file; `play` makes the load and the fault, and heals it. Then all clients come to their end, the
 * product to rest, and the checker looks at what the witnesses saw.
 */
export function faultRow(row: Row, play: (stage: Stage) => Promise<void>): void {
  useEngines();
  it(`${row.row}: ${row.fault}`, { timeout: row.timeoutMs ?? 300_000 }, async ({ task }) => {
    if (engines === undefined) throw new Error('The engines did not start');
    const start = performance.now();
    const cluster = await startCluster(engines, row.cluster);
    let witnesses: Witnesses | undefined;
    try {
      witnesses = await startWitnesses(cluster);
      const random = randomOf(row.row);
      const load = new Load(cluster, random, new Client());
      const stage = new Stage({ cluster, engines, load, random, witnesses });
      await play(stage);
      await load.end();
      const evidence = await witnesses.testify(load);
      const violations = check(evidence, row.tolerance).map(
        ({ invariant, says }) => `${invariant}: ${says}`,
      );
      task.meta.faultRow = resultOf(row, stage, evidence, violations, performance.now() - start);
      expect(violations).toEqual([]);
      expect(stage.controls, 'a row without a control proves nothing').not.toEqual([]);
    } catch (error) {
      keepLogs(row.row, cluster);
      throw error;
    } finally {
      await witnesses?.stop();
      await cluster.stop();
      await clearContainers(engines);
    }
  });
}

let areUsed = false;

/** Engines take seconds to start: the rows of a file share them. */
function useEngines(): void {
  if (areUsed) return;
  areUsed = true;
  beforeAll(async () => {
    engines = await startEngines();
  });
  afterAll(async () => {
    if (engines !== undefined) await stopEngines(engines);
  });
}

function resultOf(
  { row, fault }: Row,
  stage: Stage,
  evidence: Evidence,
  violations: readonly string[],
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
    violations,
    tookMs,
  };
}

/** Whoever looks into a failed row needs what the processes said. */
function keepLogs(row: string, { apis, workers }: Cluster): void {
  mkdirSync(LOG_FOLDER, { recursive: true });
  for (const part of [...apis, ...workers]) {
    writeFileSync(join(LOG_FOLDER, `${row.replaceAll(' ', '-')}-${part.name}.log`), part.log());
  }
}
