import type { Conclusion } from './conclusion.ts';
import type { JobErrorCode } from './job-error.ts';

export interface ErrorEnd {
  readonly conclusion: Conclusion;
  /** -1 when there is none to report. */
  readonly exitCode: number;
}

/** What `docker run` exits with when the program can't be started. */
const EXIT_CODES: Partial<Record<JobErrorCode, number>> = {
  'run.command_not_found': 127,
  'run.not_executable': 126,
  'run.arguments_too_long': 126,
  'run.unknown_user': 125,
  'run.refused': 125,
  'sandbox.refused': 125,
};

/** Everything that is not listed is the platform's failure. */
const CONCLUSIONS_OF: Partial<Record<JobErrorCode, Conclusion>> = {
  // The image can't be had.
  'image.not_found': 'NOT_FOUND',
  'image.not_local': 'NOT_FOUND',
  'image.unauthorized': 'NOT_FOUND',
  'image.invalid': 'NOT_FOUND',
  'image.not_allowed': 'NOT_FOUND',
  'image.wrong_platform': 'NOT_FOUND',
  'registry.unreachable': 'NOT_FOUND',
  'registry.rate_limited': 'NOT_FOUND',
  'registry.failed': 'NOT_FOUND',
  'pull.timed_out': 'NOT_FOUND',
  'queue.timed_out': 'TIMED_OUT',
  'run.timed_out': 'TIMED_OUT',
  'run.cancelled': 'CANCELLED',
};

const BESIDE_AN_EXIT: ReadonlySet<JobErrorCode> = new Set<JobErrorCode>([
  'run.out_of_memory',
  'output.incomplete',
]);

/** Whether it is said of a container that ended by itself: then its exit code decides how the job ends. */
export function isBesideAnExit(code: JobErrorCode): boolean {
  return BESIDE_AN_EXIT.has(code);
}

/** How a job ends that has this error, and no container whose exit code decides. */
export function endOf(code: JobErrorCode): ErrorEnd {
  const exitCode = EXIT_CODES[code];
  if (exitCode !== undefined) return { conclusion: 'FAILURE', exitCode };
  return { conclusion: CONCLUSIONS_OF[code] ?? 'UNKNOWN', exitCode: -1 };
}
