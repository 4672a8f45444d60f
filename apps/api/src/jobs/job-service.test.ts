import { createLogger, type Submissions } from '@conjob/shared';
import type { Redis } from 'ioredis';
import { expect, test, vi } from 'vitest';
import type { JobQueue } from '../queue/job-queue.ts';
import { testSchema } from '../testing/test-schema.ts';
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
function service({ areAllowed = false } = {}) {
  const accept = Promise.withResolvers<void>();
  const add = Promise.withResolvers<void>();
  const said: string[] = [];
  const ticketsAhead = {
    areAllowed,
    accepted: () => void said.push('accepted'),
    refused: () => void said.push('refused'),
  };
  const answer = { outcome: 'accepted' };
  const ledger = {
    accept: async ({ id }: { id: string }) => {
      said.push('accept');
      await accept.promise;
      return { ...answer, id };
    },
  };
  const queue = {
    add: () => {
      said.push('add');
      return add.promise;
    },
    remove: async () => void said.push('remove'),
  };
  const mark = vi.fn();
  const jobs = new JobService({
    redis: {} as Redis,
    ledger: ledger as unknown as Submissions,
    lines: { position: async () => null },
    queue: queue as unknown as JobQueue,
    ticketsAhead,
    secrets: { seal: async (_id, { spec, fingerprint }) => ({ spec, fingerprint }) },
    limits: { current: () => Promise.reject(new Error('not asked')) },
    workers: { list: async () => [] },
    marks: { mark },
    logger: createLogger({ name: 'test', level: 'silent' }),
  });
  return { jobs, accept, add, mark, said, answer };
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

test('the ticket of a job follows it before the ledger has answered, where that is allowed', async () => {
  const { jobs, accept, add, mark, said } = service({ areAllowed: true });
  const submitted = jobs.submit(JOB);
  await settled();
  expect(said).toEqual(['accept', 'add']);
  add.resolve();
  await settled();
  expect(mark).not.toHaveBeenCalled();
  accept.resolve();
  const { id } = await submitted;
  expect(said).toEqual(['accept', 'add', 'accepted']);
  expect(mark.mock.calls).toEqual([[id]]);
});

test('a job with a key, which may be there already, gets no ticket before the answer', async () => {
  const { jobs, accept, add, said } = service({ areAllowed: true });
  const submitted = jobs.submit(JOB, { keyHash: 'hash' });
  await settled();
  expect(said).toEqual(['accept']);
  accept.resolve();
  add.resolve();
  await submitted;
  expect(said).toEqual(['accept', 'accepted', 'add']);
});

test('the ticket of a job that is refused is taken back', async () => {
  const { jobs, accept, add, mark, said, answer } = service({ areAllowed: true });
  answer.outcome = 'refused';
  const submitted = jobs.submit(JOB);
  submitted.catch(() => {});
  accept.resolve();
  add.resolve();
  await expect(submitted).rejects.toThrow();
  expect(said).toEqual(['accept', 'add', 'refused', 'remove']);
  expect(mark).not.toHaveBeenCalled();
});
