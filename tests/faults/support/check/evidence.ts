import type { Period } from '../cluster/part.ts';
import type { Call } from '../load/client.ts';
import type { Operation } from '../load/operation.ts';
import type { RunLimit } from '../run-limit.ts';
import type { JobHistory } from '../witness/aof.ts';
import type { ContainerEvent, Standstill } from '../witness/intervals.ts';

/** All that witnesses outside the product have seen of one row, at rest. */
export interface Evidence {
  readonly operations: readonly Operation[];
  readonly calls: readonly Call[];
  /** When which API was down by the row's own doing. */
  readonly down: ReadonlyMap<string, readonly Period[]>;
  /** What Redis has on disk, by job. */
  readonly jobs: ReadonlyMap<string, JobHistory>;
  readonly events: readonly ContainerEvent[];
  readonly stoodStill: readonly Standstill[];
  /** Slots of the worker of each engine. */
  readonly slots: ReadonlyMap<string, number>;
  /** How many jobs an operator let run at once, and when. */
  readonly runLimits: readonly RunLimit[];
  /** How many jobs the workers say that they are running, at rest; null when nobody could say. */
  readonly runningAtRest: number | null;
  readonly leftovers: readonly string[];
  /** Where a secret of a job was found that is to be in its container only. */
  readonly leaks: readonly string[];
  readonly peakBytes: number;
}

/** What the fault of a row may cause. Without any: nothing at all. */
export interface Tolerance {
  /** Codes of errors with which jobs may end, such as `worker.lost`. */
  readonly mayEnd?: readonly string[];
  readonly overlapMs?: number;
  /** Answers that may come late or not at all, such as those of an API that hangs. */
  readonly mayMiss?: (call: Call) => boolean;
  /** No process of the product may grow beyond. */
  readonly peakBytes?: number;
}

export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'P3';

/** Something that must not be. */
export interface Violation {
  readonly invariant: Invariant;
  readonly says: string;
}
