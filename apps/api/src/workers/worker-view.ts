import type { WorkerInfo } from '@conjob/shared';
import { isoTime } from '../http/iso-time.ts';

/** A worker as callers and operators see it. */
export function viewWorker(worker: WorkerInfo) {
  return {
    name: worker.name,
    state: worker.state,
    reason: worker.reason,
    labels: worker.labels,
    engine: worker.engine,
    slots: worker.slots,
    running: worker.running,
    runtime: worker.runtime ?? null,
    heldNetworks: worker.heldNetworks ?? null,
    heartbeatAt: isoTime(worker.heartbeatAt),
    startedAt: isoTime(worker.startedAt),
    version: worker.version,
    host: worker.host,
    pid: worker.pid,
    clockSkewMs: worker.clockSkewMs,
  };
}
