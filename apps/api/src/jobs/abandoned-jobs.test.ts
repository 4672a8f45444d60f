import { createLogger } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { expect, test, vi } from 'vitest';
import { redisUnavailable } from '../http/redis-errors.ts';
import { RequestError } from '../http/request-errors.ts';
import { AbandonedJobs } from './abandoned-jobs.ts';

const logger = createLogger({ name: 'test', level: 'silent' });

function abandoned(...failures: Error[]) {
  const cancel = vi.fn(async () => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    return {} as never;
  });
  return { cancel, jobs: new AbandonedJobs({ jobs: { cancel }, logger, retryMs: 1 }) };
}

test('a job is cancelled as soon as Redis is back', async () => {
  const { cancel, jobs } = abandoned(redisUnavailable(), redisUnavailable());
  jobs.cancel('j');
  await until(() => cancel.mock.calls.length === 3);
  expect(cancel).toHaveBeenLastCalledWith('j', 'the client disconnected');
});

test('a job that has ended by itself is left alone, and so is one after the end of this process', async () => {
  const { cancel, jobs } = abandoned(new RequestError('job.finished', 'It has finished.'));
  jobs.cancel('j');
  await until(() => cancel.mock.calls.length === 1);
  jobs.close();
  jobs.cancel('other');
  await new Promise((resolve) => setImmediate(resolve));
  expect(cancel.mock.calls.length).toBe(1);
});
