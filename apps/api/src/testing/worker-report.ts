import {
  keys,
  RECORD_VERSION,
  redisTime,
  type WorkerInfo,
  type WorkerReport,
} from '@conjob/shared';
import type { Redis } from 'ioredis';

const STARTED_AT = Date.UTC(2026, 0, 1);

function workerReport(fields: Partial<WorkerReport> = {}): WorkerReport {
  return {
    name: 'w1',
    host: 'builder-1',
    pid: 42,
    version: '0.1.0',
    recordVersion: RECORD_VERSION,
    labels: {},
    engine: { id: 'ABCD:EFGH', version: '28.0.0' },
    slots: 4,
    running: 0,
    state: 'ready',
    reason: null,
    startedAt: STARTED_AT,
    clockSkewMs: 0,
    ...fields,
  };
}

export function workerInfo({
  state = 'ready',
  ...fields
}: Partial<Omit<WorkerInfo, 'reported'>> = {}): WorkerInfo {
  const reported = state === 'lost' ? 'ready' : state;
  return { ...workerReport(), heartbeatAt: STARTED_AT, ...fields, state, reported };
}

/** A sign of life, as a worker gives it; `heldMs` below 0: one that came too long ago. */
export async function reportWorker(
  redis: Redis,
  fields: Partial<WorkerReport> = {},
  heldMs = 60_000,
): Promise<void> {
  const report = workerReport(fields);
  const now = await redisTime(redis);
  await redis
    .multi()
    .zadd(keys.workers, now + heldMs, report.name)
    .set(keys.worker(report.name), JSON.stringify({ ...report, heartbeatAt: now }))
    .exec();
}

export async function forgetWorkers(redis: Redis): Promise<void> {
  const names = await redis.zrange(keys.workers, '0', '-1');
  await redis.del(keys.workers, keys.drains, ...names.map((name) => keys.worker(name)));
}
