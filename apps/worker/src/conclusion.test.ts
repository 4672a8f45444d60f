import { endOf, isBesideAnExit, JOB_ERRORS, type JobErrorCode } from '@conjob/shared';
import { describe, expect, test } from 'vitest';
import { concludeError, concludeExit } from './conclusion.ts';
import { EngineError } from './engine/engine.ts';
import { SecretError } from './secrets/secret-error.ts';
import { StoppedError, type StopReason } from './stop-reason.ts';

const exit = (exitCode: number, more = {}) => ({
  exitCode,
  outOfMemory: false,
  outputComplete: true,
  ...more,
});

describe('an exit', () => {
  test.each<[number, StopReason | undefined, object, string, number, JobErrorCode | null]>([
    [0, undefined, {}, 'SUCCESS', 0, null],
    [0, undefined, { outputComplete: false }, 'SUCCESS', 0, 'output.incomplete'],
    [1, undefined, {}, 'FAILURE', 1, null],
    [255, undefined, {}, 'FAILURE', 255, null],
    [137, undefined, {}, 'FAILURE', 137, null],
    [137, undefined, { outOfMemory: true }, 'FAILURE', 137, 'run.out_of_memory'],
    [5, undefined, { outOfMemory: true, outputComplete: false }, 'FAILURE', 5, 'run.out_of_memory'],
    [5, undefined, { outputComplete: false }, 'FAILURE', 5, 'output.incomplete'],
    [137, 'timed-out', {}, 'TIMED_OUT', -1, 'run.timed_out'],
    [143, 'timed-out', {}, 'TIMED_OUT', -1, 'run.timed_out'],
    [130, 'timed-out', {}, 'TIMED_OUT', -1, 'run.timed_out'],
    [0, 'timed-out', {}, 'SUCCESS', 0, null],
    [3, 'timed-out', {}, 'FAILURE', 3, null],
    [128, 'timed-out', {}, 'FAILURE', 128, null],
    [192, 'timed-out', {}, 'TIMED_OUT', -1, 'run.timed_out'],
    [193, 'timed-out', {}, 'FAILURE', 193, null],
    [0, 'cancelled', {}, 'CANCELLED', -1, 'run.cancelled'],
    [137, 'cancelled', {}, 'CANCELLED', -1, 'run.cancelled'],
    [0, 'shut-down', {}, 'SUCCESS', 0, null],
    [3, 'shut-down', {}, 'FAILURE', 3, null],
    [137, 'shut-down', {}, 'UNKNOWN', -1, 'worker.stopped'],
    [143, 'shut-down', {}, 'UNKNOWN', -1, 'worker.stopped'],
    [0, 'lease-over', {}, 'SUCCESS', 0, null],
    [137, 'lease-over', {}, 'UNKNOWN', -1, 'worker.lost'],
    [0, 'fenced', {}, 'UNKNOWN', -1, 'worker.lost'],
  ])('with %i, stopped: %s, %j is %s', (code, reason, more, conclusion, exitCode, error) => {
    const outcome = concludeExit(exit(code, more), reason);
    expect(outcome).toMatchObject({ conclusion, exitCode });
    expect(outcome.error?.code ?? null).toBe(error);
    // Where there is an error, its line in docs/errors.md is right.
    if (error !== null) {
      expect(outcome).toMatchObject(isBesideAnExit(error) ? { exitCode: code } : endOf(error));
    }
  });
});

describe('an error', () => {
  test.each(Object.keys(JOB_ERRORS) as JobErrorCode[])(
    '%s ends a job as it is said of it',
    (code) => {
      const outcome = concludeError(new EngineError(code, 'said the engine'));
      expect(outcome).toMatchObject(endOf(code));
      expect(outcome.error).toMatchObject({ code, message: expect.stringContaining('said the') });
    },
  );

  test('that is a reason to stop is concluded as that', () => {
    expect(concludeError(new StoppedError('cancelled'))).toMatchObject({ conclusion: 'CANCELLED' });
  });

  test('of the end of a lease says that Redis was away', () => {
    const { error } = concludeError(new StoppedError('lease-over'));
    expect(error?.message).toContain('Redis could not be reached for too long');
  });

  test('of an attempt that was handed over or fenced is that its worker is lost', () => {
    for (const reason of ['handed-over', 'fenced'] as const) {
      expect(concludeError(new StoppedError(reason))).toMatchObject({
        conclusion: 'UNKNOWN',
        error: { code: 'worker.lost' },
      });
    }
  });

  test('of a secret that can not be read says why', () => {
    expect(concludeError(new SecretError('it is sealed for others'))).toMatchObject({
      conclusion: 'UNKNOWN',
      exitCode: -1,
      error: {
        code: 'secrets.unreadable',
        message: expect.stringContaining('it is sealed for others'),
      },
    });
  });

  test('that nobody foresaw is our own, and tells nothing of the inside', () => {
    const outcome = concludeError(new TypeError('secret'));
    expect(outcome).toMatchObject({ conclusion: 'UNKNOWN', error: { code: 'job.internal' } });
    expect(JSON.stringify(outcome)).not.toContain('secret');
  });
});
