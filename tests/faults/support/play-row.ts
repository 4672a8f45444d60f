import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check } from './check/check.ts';
import type { Evidence, Tolerance, Violation } from './check/evidence.ts';
import { type Cluster, type ClusterOptions, startCluster } from './cluster/cluster.ts';
import { clearContainers, type Engines } from './cluster/engines.ts';
import { Client } from './load/client.ts';
import { Load } from './load/load.ts';
import { LOG_FOLDER } from './report/results-folder.ts';
import { randomOf } from './seed.ts';
import { Stage } from './stage.ts';
import { startWitnesses, type Witnesses } from './witness/witnesses.ts';

export interface Row {
  /** Its number in the matrix; with a word after it for one of several forms. */
  readonly row: string;
  readonly fault: string;
  readonly cluster?: ClusterOptions;
  /** What this fault may cause; the default is nothing. */
  readonly tolerance?: Tolerance;
  /** How long the product may take to clear up. Default 60 s, as it promises. */
  readonly restMs?: number;
  /** Of the test. Default five minutes. */
  readonly timeoutMs?: number;
}

export interface Played {
  readonly stage: Stage;
  readonly evidence: Evidence;
  readonly violations: readonly Violation[];
}

const REST_MS = 60_000;

/**
 * Plays a row on fresh processes and a fresh Redis: `play` makes the load and the fault, and heals
 * it. Then all clients come to their end, the product to rest, and the checker looks at what the
 * witnesses saw. Whatever happens, nothing of it is left; `judge` sees it before that.
 */
export async function playRow(
  engines: Engines,
  row: Row,
  play: (stage: Stage) => Promise<void>,
  judge: (played: Played) => void,
): Promise<void> {
  const cluster = await startCluster(engines, row.cluster);
  let witnesses: Witnesses | undefined;
  try {
    witnesses = await startWitnesses(cluster);
    const random = randomOf(row.row);
    const load = new Load(cluster, random, new Client());
    const stage = new Stage({ cluster, engines, load, random, witnesses });
    await play(stage);
    await load.end();
    const seen = await witnesses.testify(load, row.restMs ?? REST_MS);
    const evidence = {
      ...seen,
      stoodStill: stage.stoodStill,
      runLimits: stage.runLimits.set,
    };
    judge({ stage, evidence, violations: check(evidence, row.tolerance) });
  } catch (error) {
    keepLogs(row.row, cluster);
    throw error;
  } finally {
    await witnesses?.stop();
    await cluster.stop();
    await clearContainers(engines);
  }
}

/** Whoever looks into a failed row needs what the processes said. */
function keepLogs(row: string, { apis, workers }: Cluster): void {
  mkdirSync(LOG_FOLDER, { recursive: true });
  for (const part of [...apis, ...workers]) {
    writeFileSync(join(LOG_FOLDER, `${row.replaceAll(' ', '-')}-${part.name}.log`), part.log());
  }
}
