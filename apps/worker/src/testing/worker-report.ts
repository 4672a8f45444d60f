import { RECORD_VERSION, type WorkerReport } from '@conjob/shared';

/** What a worker that is well and idle says of itself. */
export function workerReport(fields: Partial<WorkerReport> = {}): WorkerReport {
  return {
    name: 'test',
    host: 'host',
    pid: 1,
    version: '0.1.0',
    recordVersion: RECORD_VERSION,
    labels: {},
    engine: { id: 'engine', version: 'fake' },
    slots: 2,
    running: 0,
    state: 'ready',
    reason: null,
    startedAt: 0,
    clockSkewMs: 0,
    ...fields,
  };
}
