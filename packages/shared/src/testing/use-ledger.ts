import { startTestRedis, type TestRedis } from '@conjob/testkit';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { JobResult } from '../job-result.ts';
import type { JobSpec } from '../job-spec.ts';
import { keys } from '../keys.ts';
import { Attempts } from '../ledger/attempts.ts';
import type { Claim, ClaimOutcome } from '../ledger/claim.ts';
import { Leases } from '../ledger/leases.ts';
import { Lines } from '../ledger/lines.ts';
import { Submissions } from '../ledger/submissions.ts';
import { readOutput } from '../output-reader.ts';
import { connectPatient, disconnect } from '../redis.ts';
import { testSchema } from './test-schema.ts';

const LEASE_MS = 600_000;

export function jobSpec(fields: Partial<JobSpec> = {}): JobSpec {
  const { stdin: _, ...spec } = testSchema.parse({ image: 'conjob/echo' });
  return { ...spec, stdinBytes: null, ...fields };
}

export function jobResult(fields: Partial<JobResult> = {}): JobResult {
  const timings = { queueMs: 1, pullMs: 2, createMs: 3, runMs: 4 };
  const output = { outputBytes: 0, outputTruncated: false };
  return { conclusion: 'SUCCESS', exitCode: 0, error: null, ...output, timings, ...fields };
}

/** The claim of an outcome that has one. */
export function claimOf(outcome: ClaimOutcome): Claim {
  if ('claim' in outcome) return outcome.claim;
  throw new Error(`nothing to run: ${outcome.kind}`);
}

/** A Redis for one test file, empty before each test, and the ledger in it from both sides. */
export function useLedger() {
  let server: TestRedis;
  let redis: Redis;
  let submissions: Submissions;
  let leases: Leases;
  let made = 0;
  beforeAll(async () => {
    server = await startTestRedis();
    redis = connectPatient(server.url);
    submissions = new Submissions(redis);
    leases = new Leases(redis);
  });
  beforeEach(async () => {
    await redis.flushall();
  });
  afterAll(async () => {
    await disconnect(redis);
    await server.stop();
  });
  const ledger = {
    get url() {
      return server.url;
    },
    get redis() {
      return redis;
    },
    get submissions() {
      return submissions;
    },
    get leases() {
      return leases;
    },
    worker: (name: string, connection = redis) =>
      new Attempts(connection, { worker: name, leaseMs: LEASE_MS }),
    newToken(): string {
      made += 1;
      return `token-${made}`;
    },
    /** Accepts a job; returns its id. Ids rise. */
    async submit(fields: Partial<JobSpec> = {}, input?: Buffer, group?: string): Promise<string> {
      made += 1;
      const id = `job-${String(made).padStart(6, '0')}`;
      const stdinBytes = input?.length ?? null;
      await submissions.accept({ id, spec: jobSpec({ stdinBytes, ...fields }), input, group });
      return id;
    },
    async claim(id: string, worker = 'first'): Promise<Claim> {
      return claimOf(await ledger.worker(worker).claim(id, ledger.newToken()));
    },
    /** A job that has come so far, in the hands of the worker `first`. */
    async claimAt(step: 'claimed' | 'created' | 'started' | 'exited', fields?: Partial<JobSpec>) {
      const claim = await ledger.claim(await ledger.submit(fields));
      const attempts = ledger.worker('first');
      if (step === 'claimed') return claim;
      await attempts.advance(claim, 'created', 'creating', { containerId: 'c1' });
      if (step === 'created') return claim;
      await attempts.advance(claim, 'started', 'running');
      if (step === 'exited') await attempts.advance(claim, 'exited', 'collecting');
      return claim;
    },
    async submitFinished(fields: Partial<JobSpec> = {}): Promise<string> {
      const claim = await ledger.claim(await ledger.submit(fields));
      await ledger.worker('first').finish(claim, jobResult());
      return claim.id;
    },
    /** The lease is over by the clock of Redis; nobody has noticed yet. */
    async endLease(id: string): Promise<void> {
      await redis.hset(keys.job(id), 'leaseUntil', 1);
      await redis.zadd(keys.leases, 1, id);
    },
    /** The holder has been silent for too long, and somebody has watched that. */
    async loseWorker(id: string) {
      await ledger.endLease(id);
      return leases.expire({ id, leaseUntil: 1 }, LEASE_MS);
    },
    /** As if the time had come for the next attempt. */
    async makeDue(id: string): Promise<void> {
      await redis.hset(keys.job(id), 'retryAt', 1);
      await redis.zadd(keys.adding, 1, id);
    },
    /** When it is put on its queue, unless that has been done till then. */
    async dueAt(id: string): Promise<number | null> {
      const score = await redis.zscore(keys.adding, id);
      return score === null ? null : Number(score);
    },
    async position(id: string): Promise<number | null> {
      return new Lines(redis).position(await ledger.find(id));
    },
    /** All that keeps a job among those that wait: none of it is left once it is taken or over. */
    async tracesOfWaiting(id: string): Promise<string[]> {
      const waiting = await redis.keys(`${keys.waitingPrefix}*`);
      const sets = [...waiting, keys.adding, keys.queueDeadlines];
      const scores = await Promise.all(sets.map((set) => redis.zscore(set, id)));
      return sets.filter((_, index) => scores[index] !== null);
    },
    async find(id: string) {
      const record = await submissions.find(id);
      if (record === null) throw new Error(`${id} is not known`);
      return record;
    },
    async output(id: string, attempt = 1): Promise<string> {
      let text = '';
      for await (const { stream, data } of readOutput(redis, id, attempt)) {
        text += `${stream}:${data} `;
      }
      return text;
    },
    /** What was announced of a job, in order. */
    async announced(id: string): Promise<string[]> {
      const entries = await redis.xrange(keys.events, '-', '+');
      return entries.flatMap(([, [, of, , state]]) => (of === id ? [String(state)] : []));
    },
  };
  return ledger;
}
