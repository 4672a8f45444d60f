import { hostname } from 'node:os';
import { RECORD_VERSION, type WorkerReport } from '@conjob/shared';
import type { ClockSkew } from './clock-skew.ts';
import type { Slots } from './intake/slots.ts';
import type { HeldNetworks } from './networks/held-networks.ts';
import type { RuntimeChoice } from './sandbox/runtime-choice.ts';
import { VERSION } from './version.ts';
import type { WorkerState } from './worker-state.ts';

/** What a worker says of itself: as it is at the start, and as it is now. */
export interface ReportParts {
  readonly name: string;
  readonly labels: WorkerReport['labels'];
  readonly engine: WorkerReport['engine'];
  /** Milliseconds since the epoch, by the clock of Redis. */
  readonly startedAt: number;
  readonly slots: Slots;
  readonly state: WorkerState;
  readonly skew: ClockSkew;
  readonly runtime: RuntimeChoice;
  readonly networks: HeldNetworks;
}

export function workerReport(parts: ReportParts): WorkerReport {
  const { slots, state, skew, runtime, networks, ...asStarted } = parts;
  return {
    ...asStarted,
    host: hostname(),
    pid: process.pid,
    version: VERSION,
    recordVersion: RECORD_VERSION,
    slots: slots.total,
    running: slots.used,
    runtime: runtime.runtime,
    heldNetworks: networks.counts,
    ...state.shown,
    clockSkewMs: skew.ms,
  };
}
