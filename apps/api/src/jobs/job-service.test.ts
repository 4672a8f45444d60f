import { createLogger, type Submission, type Submissions } from '@conjob/shared';
import type { Redis } from 'ioredis';
import { expect, test, vi } from 'vitest';
import type { JobQueue } from '../queue/job-queue.ts';
import { testSchema } from '../testing/test-schema.ts';
import { Admission, type AdmissionOptions } from './admission.ts';
import type { Reading } from './current-spec-schema.ts';
import { JobService } from './job-service.ts';
import { type NewJob, newJob } from './new-job.ts';

/** A job as it was read, by limits that have not changed. */
function reading(input?: Buffer): Reading<NewJob> {
  const given = { image: 'alpine' };
  const request = testSchema.parse(given);
  const job = newJob({ given, request, input, cancelOnDisconnect: false });
  const again = () => Promise.reject(new Error('read once more'));
  return { job, checkedBy: undefined, again };
}

const JOB = reading();
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
    accept: async (submission: Submission) => {
      asked(submission);
      await accept.promise;
      if (submission.checkedBy !== undefined) return { outcome: 'outdated' };
      return { outcome: 'accepted', id: submission.id };
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

test('so much goes to the ledger at a time, of spec, secrets and input', async () => {
  const { jobs, accept, add, asked } = service({ atOnce: 128, bytesAtOnce: 1000 });
  const small = reading(Buffer.alloc(400));
  const [arg, secret] = ['a'.repeat(300), 'b'.repeat(300)];
  const given = { image: 'alpine', args: [arg], secretEnv: { TOKEN: secret } };
  const request = testSchema.parse(given);
  const large = newJob({ given, request, input: undefined, cancelOnDisconnect: false });
  const submitted = [jobs.submit(small), jobs.submit({ ...JOB, job: large }), jobs.submit(JOB)];
  await settled();
  expect(asked).toHaveBeenCalledTimes(1);
  accept.resolve();
  add.resolve();
  await Promise.all(submitted);
  expect(asked).toHaveBeenCalledTimes(3);
});

test('groups take turns before the ledger', async () => {
  const { jobs, accept, add, asked } = service({ atOnce: 1 });
  const groups = ['many', 'many', 'many', 'few'];
  const submitted = groups.map((group) => jobs.submit(JOB, { group }));
  accept.resolve();
  add.resolve();
  await Promise.all(submitted);
  const order = asked.mock.calls.map(([{ group }]) => group);
  expect(order).toEqual(['many', 'many', 'few', 'many']);
});

test('a job that nobody wants any longer is refused before the ledger knows of it, also when there is room', async () => {
  const { jobs, accept, add, asked } = service({ atOnce: 1 });
  await expect(jobs.submit(JOB, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'redis.busy',
  });
  const client = new AbortController();
  const first = jobs.submit(JOB);
  const second = jobs.submit(JOB, { signal: client.signal });
  client.abort();
  await expect(second).rejects.toMatchObject({ code: 'redis.busy' });
  accept.resolve();
  add.resolve();
  await first;
  expect(asked).toHaveBeenCalledTimes(1);
});

test('a job has no id before it is its turn', async () => {
  const { jobs, accept, add } = service({ atOnce: 1 });
  const onNew = vi.fn();
  const submitted = [jobs.submit(JOB), jobs.submit(JOB, { onNew })];
  await settled();
  expect(onNew).not.toHaveBeenCalled();
  accept.resolve();
  add.resolve();
  const [, second] = await Promise.all(submitted);
  expect(onNew.mock.calls).toEqual([[second?.id]]);
});

test('a job that was read by limits that have changed is read once more, in its place, and keeps its id', async () => {
  const { jobs, accept, add, asked } = service({ atOnce: 1 });
  const again = vi.fn(async () => JOB);
  const checkedBy = { maxTimeoutSeconds: 1, maxKillTimeoutSeconds: 1 };
  const submitted = [jobs.submit({ ...JOB, checkedBy, again }), jobs.submit(JOB)];
  accept.resolve();
  add.resolve();
  const [first, second] = await Promise.all(submitted);
  expect(again).toHaveBeenCalledOnce();
  const ids = asked.mock.calls.map(([submission]) => submission.id);
  expect(ids).toEqual([first?.id, first?.id, second?.id]);
});

test('a job that is wrong by the limits as they are now gives its place to the next one', async () => {
  const { jobs, accept, add, asked } = service({ atOnce: 1 });
  const again = () => Promise.reject(new Error('wrong'));
  const checkedBy = { maxTimeoutSeconds: 1, maxKillTimeoutSeconds: 1 };
  const submitted = [jobs.submit({ ...JOB, checkedBy, again }), jobs.submit(JOB)];
  accept.resolve();
  add.resolve();
  await expect(submitted[0]).rejects.toThrow('wrong');
  await submitted[1];
  expect(asked).toHaveBeenCalledTimes(2);
});
