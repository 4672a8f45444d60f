import {
  Attempts,
  type Claim,
  connectImpatient,
  createLogger,
  disconnect,
  type JobRecord,
  type JobSpec,
  Leases,
  Lines,
  newJobId,
  Submissions,
} from '@conjob/shared';
import { startTestRedis, type TestRedis, until } from '@conjob/testkit';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { JobQueue } from '../queue/job-queue.ts';
import { testSchema } from './test-schema.ts';

export function jobSpec(fields: object = {}): JobSpec {
  const { stdin: _, ...spec } = testSchema.parse({ image: 'silent', ...fields });
  return { ...spec, stdinBytes: null };
}

/** Ledger and queue on a Redis of their own, and neither API nor worker. */
export function useQueue() {
  let server: TestRedis;
  let redis: Redis;
  let ledger: Submissions;
  let leases: Leases;
  let lines: Lines;
  let queue: JobQueue;
  beforeAll(async () => {
    server = await startTestRedis({ appendOnly: true });
    redis = connectImpatient(server.url);
    redis.on('error', () => {});
    await until(() => redis.status === 'ready');
    ledger = new Submissions(redis);
    leases = new Leases(redis);
    lines = new Lines(redis);
    queue = new JobQueue(redis, () => {});
  });
  afterAll(async () => {
    await queue.close();
    await disconnect(redis);
    await server.stop();
  });
  const logs: Record<string, unknown>[] = [];
  const test = {
    get server() {
      return server;
    },
    get redis() {
      return redis;
    },
    get ledger() {
      return ledger;
    },
    get leases() {
      return leases;
    },
    get lines() {
      return lines;
    },
    get queue() {
      return queue;
    },
    /** What was logged, parsed. */
    logs,
    logger: createLogger({
      name: 'test',
      level: 'info',
      destination: { write: (line) => void logs.push(JSON.parse(line)) },
    }),
    /** Accepts a job, which is then on no queue yet. */
    async accept(fields: object = {}): Promise<string> {
      const id = newJobId();
      await ledger.accept({ id, spec: jobSpec(fields) });
      return id;
    },
    async submit(fields: object = {}): Promise<string> {
      const id = await test.accept(fields);
      await queue.add(id, jobSpec(fields));
      await ledger.queued(id);
      return id;
    },
    /** Takes a job as a worker does that is never heard of again. */
    async takeAndVanish(id: string, leaseMs = 1): Promise<{ worker: Attempts; claim: Claim }> {
      const worker = new Attempts(redis, { worker: 'vanished', leaseMs });
      const outcome = await worker.claim(id, `token-${id}`);
      if (outcome.kind !== 'claimed') throw new Error(`${id} is ${outcome.kind}`);
      return { worker, claim: outcome.claim };
    },
    async find(id: string): Promise<JobRecord> {
      const record = await ledger.find(id);
      if (record === null) throw new Error(`${id} is not known`);
      return record;
    },
    isHeld: async (id: string, queueName = 'run') =>
      (await redis.exists(`{conjob}:bull:${queueName}:${id}`)) === 1,
  };
  return test;
}
