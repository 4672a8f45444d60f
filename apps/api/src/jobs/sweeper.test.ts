import {
  Attempts,
  connectImpatient,
  createLogger,
  disconnect,
  type JobRecord,
  jobSpecSchema,
  newJobId,
  Submissions,
} from '@conjob/shared';
import { startTestRedis, type TestRedis, until } from '@conjob/testkit';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { JobQueue } from '../queue/job-queue.ts';
import { byImage } from '../testing/scripts.ts';
import { startStandInWorker } from '../testing/stand-in-worker.ts';
import { Sweeper } from './sweeper.ts';

const schema = jobSpecSchema({
  maxTimeoutSeconds: 1800,
  maxKillTimeoutSeconds: 10,
  maxRetentionSeconds: 604_800,
  defaultRetentionSeconds: 86_400,
  defaultNetwork: 'bridge',
});
const logger = createLogger({ name: 'test', level: 'silent' });

let server: TestRedis;
let redis: Redis;
let ledger: Submissions;
let queue: JobQueue;
let sweeper: Sweeper;

beforeAll(async () => {
  server = await startTestRedis({ appendOnly: true });
  redis = connectImpatient(server.url);
  await until(() => redis.status === 'ready');
  ledger = new Submissions(redis);
  queue = new JobQueue(redis, () => {});
  sweeper = new Sweeper({ redis, ledger, queue, logger, strandedAfterMs: 0, reconnectMs: 0 });
});

afterAll(async () => {
  await sweeper.stop();
  await queue.close();
  await disconnect(redis);
  await server.stop();
});

async function accept(fields: object): Promise<string> {
  const { stdin: _, ...request } = schema.parse({ image: 'silent', ...fields });
  const spec = { ...request, stdinBytes: null };
  return (await ledger.accept({ id: newJobId(), spec })).id;
}

async function sweepUntilFinished(id: string): Promise<JobRecord> {
  let record: JobRecord | null = null;
  await until(async () => {
    await sweeper.sweep();
    record = await ledger.find(id);
    return record?.state === 'finished';
  });
  return record as unknown as JobRecord;
}

const isQueued = async (id: string) => (await redis.exists(`{conjob}:bull:run:${id}`)) === 1;

test('a job that waits longer than it allowed is ended, and leaves the queue', async () => {
  const id = await accept({ queueTimeoutSeconds: 1 });
  await queue.add(id);
  await ledger.queued(id);
  expect(await isQueued(id)).toBe(true);
  const { result } = await sweepUntilFinished(id);
  expect(result).toMatchObject({ conclusion: 'TIMED_OUT', error: { code: 'queue.timed_out' } });
  expect(await isQueued(id)).toBe(false);
});

test('an accepted job that never got onto the queue is put there', async () => {
  const worker = await startStandInWorker(server.url, byImage);
  const id = await accept({});
  const { result } = await sweepUntilFinished(id);
  expect(result?.conclusion).toBe('SUCCESS');
  expect(await ledger.stranded(0)).toEqual([]);
  await worker.close();
});

/** Takes the job as a worker does that is never heard of again. */
async function takeAndVanish(id: string) {
  const worker = new Attempts(redis, { worker: 'vanished', leaseMs: 1 });
  const outcome = await worker.claim(id, 'token');
  if (outcome.kind !== 'claimed') throw new Error(`${id} is ${outcome.kind}`);
  return { worker, claim: outcome.claim };
}

test('a job that was started ends as lost when its worker is gone, with the output that there is', async () => {
  const id = await accept({});
  const { worker, claim } = await takeAndVanish(id);
  await worker.advance(claim, 'started', 'running');
  await worker.appendOutput(claim, [{ stream: 'stdout', data: Buffer.from('begun') }]);
  const record = await sweepUntilFinished(id);
  expect(record.result).toMatchObject({
    conclusion: 'UNKNOWN',
    exitCode: -1,
    outputBytes: 5,
    error: { code: 'worker.lost', message: expect.stringContaining('vanished') },
  });
  await expect(worker.renew(claim)).rejects.toThrow('another attempt');
});

test('a job that was not started is queued again when its worker is gone', async () => {
  const id = await accept({});
  await takeAndVanish(id);
  await until(async () => {
    await sweeper.sweep();
    return (await ledger.find(id))?.state === 'queued';
  });
  const worker = await startStandInWorker(server.url, byImage);
  await until(async () => (await ledger.find(id))?.state === 'finished');
  await worker.close();
});

test('a job whose worker renews its lease is left alone', async () => {
  const id = await accept({});
  const worker = new Attempts(redis, { worker: 'alive', leaseMs: 60_000 });
  const outcome = await worker.claim(id, 'token');
  expect(outcome.kind).toBe('claimed');
  expect(await ledger.leaseless()).not.toContain(id);
  expect(await ledger.expireLease(id)).toBe('held');
});

test('no worker is given up so soon after an outage that it could not be back yet', async () => {
  const patient = new Sweeper({ redis, ledger, queue, logger });
  const id = await accept({});
  const { worker, claim } = await takeAndVanish(id);
  await worker.advance(claim, 'started', 'running');
  await until(async () => (await ledger.leaseless()).includes(id));
  await patient.sweep();
  expect((await ledger.find(id))?.state).toBe('running');
  await patient.stop();
  await sweepUntilFinished(id);
});
