import type { Evidence } from '../check/evidence.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { ENGINE_NAMES } from '../cluster/engines.ts';
import type { Load } from '../load/load.ts';
import { readJobHistories } from './aof.ts';
import { EngineEvents } from './engine-events.ts';
import { type Interval, intervalsOf } from './intervals.ts';
import { findLeaks } from './leaks.ts';
import { findLeftovers, takeInventory } from './leftovers.ts';
import { MemoryWatch } from './memory.ts';
import { runningAtRest } from './slots.ts';

/** Those who watch a row from outside the product. */
export interface Witnesses {
  /** At rest: waits until nothing is left, for as long as that may take. */
  testify(load: Load, restMs: number): Promise<Omit<Evidence, 'stoodStill' | 'runLimits'>>;
  /** When containers started and died so far, on both engines. */
  runs(): Interval[];
  stop(): Promise<void>;
}

export async function startWitnesses(cluster: Cluster): Promise<Witnesses> {
  const before = await takeInventory(cluster.engines);
  const memory = new MemoryWatch(cluster);
  const engines = cluster.engines.map(
    (engine, place) => new EngineEvents(engine, ENGINE_NAMES[place] ?? ''),
  );
  await Promise.all(engines.map(({ listening }) => listening));
  return {
    async testify(load, restMs) {
      const { operations, client } = load;
      const leftovers = await findLeftovers(cluster, before, restMs);
      return {
        operations,
        calls: client.history,
        down: new Map(cluster.apis.map(({ name, down }) => [name, down])),
        jobs: readJobHistories(cluster.redis.aofFolder),
        events: engines.flatMap(({ events }) => events),
        slots: new Map(cluster.workers.map(({ name, slots }) => [name, slots])),
        runningAtRest: await runningAtRest(cluster, restMs),
        leftovers,
        leaks: await findLeaks(cluster, load),
        peakBytes: memory.peakBytes,
      };
    },
    runs: () => intervalsOf(engines.flatMap(({ events }) => events)),
    async stop() {
      memory.stop();
      await Promise.all(engines.map((engine) => engine.stop()));
    },
  };
}
