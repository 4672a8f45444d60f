import { describe, expect, test } from 'vitest';
import { CONCLUSION_NAMES, CONCLUSIONS } from './conclusion.ts';
import { JOB_ERRORS, type JobErrorCode, jobError } from './job-error.ts';

const CODES = Object.keys(JOB_ERRORS) as JobErrorCode[];

describe('a job error', () => {
  test.each(CODES)('%s says what happened, and a hint, in sentences', (code) => {
    expect(code).toMatch(/^[a-z]+\.[a-z_]+$/);
    const { message, hint } = jobError(code);
    expect(message).toMatch(/^[A-Z].*\.$/);
    if (hint !== null) expect(hint).toMatch(/^[A-Z].*\.$/);
  });

  test('carries the detail behind its message', () => {
    expect(jobError('engine.failed', 'no such network').message).toBe(
      `${JOB_ERRORS['engine.failed'].message} (no such network)`,
    );
    expect(jobError('engine.failed').message).toBe(JOB_ERRORS['engine.failed'].message);
  });
});

test('each conclusion has an HTTP status of its own', () => {
  const statuses = CONCLUSION_NAMES.map((name) => CONCLUSIONS[name].status);
  expect(new Set(statuses).size).toBe(CONCLUSION_NAMES.length);
});
