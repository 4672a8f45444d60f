import { describe, expect, test } from 'vitest';
import { JOB_ERRORS, type JobErrorCode, jobError } from './job-error.ts';
import { resultWithoutOutput } from './job-result.ts';
import { isRetryCause, retryDelayMs } from './retry-policy.ts';
import { jobResult } from './testing/use-ledger.ts';

const policy = { maxAttempts: 3, on: ['worker.lost', 'exit:75'], backoffSeconds: 20 };
const exit = (exitCode: number) => jobResult({ conclusion: 'FAILURE', exitCode });
const failed = (code: JobErrorCode) => resultWithoutOutput('UNKNOWN', jobError(code));

describe('a job is run again', () => {
  test('when it ends in one of the ways that it names, after its backoff', () => {
    expect(retryDelayMs(policy, 0, exit(75))).toBe(20_000);
    expect(retryDelayMs(policy, 0, failed('worker.lost'))).toBe(20_000);
    expect(retryDelayMs({ ...policy, backoffSeconds: 0 }, 0, exit(75))).toBe(0);
  });

  test('not when it ends in another way', () => {
    for (const result of [exit(1), exit(7), exit(175), jobResult(), failed('worker.stopped')]) {
      expect(retryDelayMs(policy, 0, result)).toBeNull();
    }
  });

  test('until it has had all its attempts', () => {
    const delays = [0, 1, 2, 3].map((retries) => retryDelayMs(policy, retries, exit(75)));
    expect(delays).toEqual([20_000, 20_000, null, null]);
  });

  test('never unless it asks for that', () => {
    expect(retryDelayMs(undefined, 0, failed('worker.lost'))).toBeNull();
  });

  test('for its error, whatever its exit code', () => {
    const result = jobResult({
      conclusion: 'FAILURE',
      exitCode: 137,
      error: jobError('run.out_of_memory'),
    });
    for (const cause of ['run.out_of_memory', 'exit:137']) {
      expect(retryDelayMs({ ...policy, on: [cause] }, 0, result)).toBe(20_000);
    }
  });

  test('for no exit code of a run that was cut short', () => {
    const result = jobResult({ conclusion: 'TIMED_OUT', exitCode: 75 });
    expect(retryDelayMs(policy, 0, result)).toBeNull();
  });
});

test('an end without an error is no cause, whatever a policy lists', () => {
  const odd = { ...policy, on: [undefined as unknown as string] };
  expect(retryDelayMs(odd, 0, jobResult())).toBeNull();
});

describe('a cause', () => {
  test.each(['exit:1', 'exit:9', 'exit:10', 'exit:255'])('is %s', (text) => {
    expect(isRetryCause(text)).toBe(true);
  });

  test('is each code of the catalogue, but those after which there is nothing to try again', () => {
    const codes = Object.keys(JOB_ERRORS);
    expect(codes.filter((code) => !isRetryCause(code))).toEqual([
      'queue.timed_out',
      'run.cancelled',
      'job.incompatible',
    ]);
  });

  test.each([
    'exit:0',
    'exit:256',
    'exit:01',
    'exit:-1',
    'exit:1.5',
    'exit:',
    'exit:1000',
    'exit:1 ',
    'exit:1\n',
    'EXIT:1',
    'xexit:1',
    'exit',
    '',
    'worker',
    'worker.lost ',
    'always',
    'toString',
    '__proto__',
  ])('is not %j', (text) => {
    expect(isRetryCause(text)).toBe(false);
  });
});
