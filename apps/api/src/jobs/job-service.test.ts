import { createLogger, type Submissions } from '@conjob/shared';
import type { Redis } from 'ioredis';
import { expect, test, vi } from 'vitest';
import type { JobQueue } from '../queue/job-queue.ts';
import { testSchema } from '../testing/test-schema.ts';
import { Admission, type AdmissionOptions } from './admission.ts';
import { JobService } from './job-service.ts';
import { newJob } from './new-job.ts';

const given = { image: 'alpine' };
const JOB = newJob({
  given,
  request: testSchema.parse(given),
  input: undefined,
  cancelOnDisconnect: false,
});
const KEYS = [
  ['without a key', undefined],
  ['with a key', 'hash'],
] as const;

/** A service whose ledger and queue answer when, and what, the test says. */
function service(admission: AdmissionOptions = { atOnce: 128 }) {
  const accept = Promise.withResolvers<void>();
  const add = Promise.withResolvers<void>();
  const asked = vi.fn();
  const ledger = {
    accept: async ({ id }: { id: string }) => {
      asked();
      await accept.promise;
      return { outcome: 'accepted', id };
    },
  };
  const mark = vi.fn();
  const jobs = new JobService({
    redis: {} as Redis,
    ledger: ledger as unknown as Submissions,
    lines: { position: async () => null },
    queue: { add: () => add.promise } as unknown as JobQueue,
    secrets: { seal: async (_id, { spec, fingerprint }) => ({ spec, fingerprint }) },
    limits: { current: () => Promise.reject(new Error('not asked')) },
    workers: { list: async () => [] },
    marks: { mark },
    admission: new Admission(admission),
    logger: createLogger({ name: 'test', level: 'silent' }),
  });
  return { jobs, accept, add, mark, asked };
}

/** Everything that can go on without an answer has gone on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test.each(KEYS)('a job %s counts as queued once ledger and queue have it', async (_what, key) => {
  const { jobs, accept, add, mark } = service();
  const submitted = jobs.submit(JOB, { keyHash: key });
  accept.resolve();
  await settled();
  expect(mark).not.toHaveBeenCalled();
  add.resolve();
  expect(mark).not.toHaveBeenCalled();
  const { id } = await submitted;
  expect(mark.mock.calls).toEqual([[id]]);
});

test('a job that may not be in the ledger never counts as queued', async () => {
  const { jobs, accept, add, mark } = service();
  const submitted = jobs.submit(JOB);
  add.resolve();
  accept.reject(new Error('no answer'));
  await expect(submitted).rejects.toThrow('no answer');
  await settled();
  expect(mark).not.toHaveBeenCalled();
});

test.each(KEYS)(
  'a job %s that the queue did not take is left to the sweeper',
  async (_what, key) => {
    const { jobs, accept, add, mark } = service();
    const submitted = jobs.submit(JOB, { keyHash: key });
    accept.resolve();
    add.reject(new Error('no answer'));
    await expect(submitted).resolves.toMatchObject({ replayed: false });
    await settled();
    expect(mark).not.toHaveBeenCalled();
  },
);

test('a job is in line until its ticket is on the queue of those before it, and is refused, unknown to the ledger, when that takes too long', async () => {
  const { jobs, accept, add, asked } = service({ atOnce: 1, patienceMs: 0 });
  const submitted = [jobs.submit(JOB), jobs.submit(JOB)];
  await settled();
  await expect(jobs.submit(JOB)).rejects.toMatchObject({ code: 'redis.busy', status: 503 });
  accept.resolve();
  await settled();
  expect(asked).toHaveBeenCalledTimes(1);
  add.resolve();
  await Promise.all(submitted);
  expect(asked).toHaveBeenCalledTimes(2);
});
