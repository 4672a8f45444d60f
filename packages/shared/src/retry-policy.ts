import { JOB_ERRORS, type JobErrorCode } from './job-error.ts';
import type { JobResult } from './job-result.ts';

/** When, and how often, a job is run again. */
export interface RetryPolicy {
  /** All runs together; those that were given back before anything started do not count. */
  readonly maxAttempts: number;
  /** Error codes and `exit:N`: any of them is enough. */
  readonly on: readonly string[];
  readonly backoffSeconds: number;
}

/** These end a job whatever its policy says: to run it again would be against the caller's will, or in vain. */
const FINAL: ReadonlySet<string> = new Set<JobErrorCode>([
  'run.cancelled',
  'queue.timed_out',
  'job.incompatible',
]);

/** Whether a policy can name this: an error code, or `exit:1` to `exit:255`. */
export function isRetryCause(text: string): boolean {
  const [, exitCode] = /^exit:([1-9]\d{0,2})$/.exec(text) ?? [];
  if (exitCode !== undefined) return Number(exitCode) <= 255;
  return Object.hasOwn(JOB_ERRORS, text) && !FINAL.has(text);
}

/**
 * How long to wait before the job is run again; null when this result is its last. `retries`: how often
 * it has been run again already.
 */
export function retryDelayMs(
  policy: RetryPolicy | undefined,
  retries: number,
  { conclusion, exitCode, error }: Pick<JobResult, 'conclusion' | 'exitCode' | 'error'>,
): number | null {
  if (policy === undefined || retries + 1 >= policy.maxAttempts) return null;
  const causes = [error?.code, conclusion === 'FAILURE' ? `exit:${exitCode}` : undefined];
  const isAsked = causes.some((cause) => cause !== undefined && policy.on.includes(cause));
  return isAsked ? policy.backoffSeconds * 1000 : null;
}
