import { expect, test } from 'vitest';
import { endOf } from './error-end.ts';
import { JOB_ERRORS, type JobErrorCode, jobError } from './job-error.ts';
import { CANCELLED } from './job-result.ts';

const CODES = Object.keys(JOB_ERRORS) as JobErrorCode[];
const EXIT_CODES: Record<string, number> = {
  'run.command_not_found': 127,
  'run.not_executable': 126,
  'run.arguments_too_long': 126,
  'run.unknown_user': 125,
  'run.refused': 125,
  'sandbox.refused': 125,
};

function conclusionOf(code: JobErrorCode): string {
  if (code in EXIT_CODES) return 'FAILURE';
  if (/^(image|registry|pull)\./.test(code)) return 'NOT_FOUND';
  if (code.endsWith('.timed_out')) return 'TIMED_OUT';
  return code === 'run.cancelled' ? 'CANCELLED' : 'UNKNOWN';
}

test.each(CODES)('%s has one conclusion', (code) => {
  expect(endOf(code)).toEqual({
    conclusion: conclusionOf(code),
    exitCode: EXIT_CODES[code] ?? -1,
  });
});

test('a job that was cancelled before its start ends as its error says', () => {
  expect(CANCELLED.error).toEqual(jobError('run.cancelled'));
  expect(CANCELLED).toMatchObject(endOf('run.cancelled'));
});
