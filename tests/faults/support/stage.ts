import type { Random } from '../../../packages/shared/src/testing/random.ts';
import type { Cluster } from './cluster/cluster.ts';
import type { Engines } from './cluster/engines.ts';
import type { Load } from './load/load.ts';
import { RunLimits } from './run-limit.ts';
import type { Interval, Standstill } from './witness/intervals.ts';
import type { Witnesses } from './witness/witnesses.ts';

interface Parts {
  readonly cluster: Cluster;
  readonly engines: Engines;
  readonly load: Load;
  readonly random: Random;
  readonly witnesses: Pick<Witnesses, 'runs'>;
}

/** What a row plays on: it makes load, breaks things, shows that they are broken, and heals them. */
export class Stage {
  readonly cluster: Cluster;
  readonly engines: Engines;
  readonly load: Load;
  readonly random: Random;
  /** When containers started and died so far, as the engines tell it. */
  readonly runs: () => Interval[];
  readonly controls: string[] = [];
  /** When a host stood still as a whole, its containers included. */
  readonly stoodStill: Standstill[] = [];
  readonly runLimits: RunLimits;
  readonly recoveryMs: number[] = [];
  /** What else a row has measured, by name: `stage.figures['…'] = '12 ms'`. */
  readonly figures: Record<string, string> = {};

  constructor({ cluster, engines, load, random, witnesses }: Parts) {
    this.runs = () => witnesses.runs();
    this.cluster = cluster;
    this.runLimits = new RunLimits(cluster);
    this.engines = engines;
    this.load = load;
    this.random = random;
  }

  /**
   * An observation from outside that the fault is really there. A row without one proves nothing:
   * it fails, as does one whose observation is not so.
   */
  readonly control = async (says: string, isSo: boolean | Promise<boolean>): Promise<void> => {
    if (!(await isSo)) throw new Error(`The fault was not there: not so that ${says}`);
    if (!this.controls.includes(says)) this.controls.push(says);
  };

  /** How long it takes from now, which is when the fault is healed, until `isWell` has resolved. */
  readonly recovery = async <T>(isWell: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await isWell();
    this.recoveryMs.push(performance.now() - start);
    return result;
  };
}
