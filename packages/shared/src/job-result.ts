import type { Conclusion } from './conclusion.ts';
import { endOf } from './error-end.ts';
import { type JobError, jobError } from './job-error.ts';

/** What the time of a job goes into. */
export const JOB_PARTS = ['queue', 'pull', 'create', 'run'] as const;
export type JobPart = (typeof JOB_PARTS)[number];

/** Milliseconds spent in each part of the last attempt; null for one that is not over yet, or was not reached. */
export interface JobTimings {
  readonly queueMs: number | null;
  readonly pullMs: number | null;
  readonly createMs: number | null;
  readonly runMs: number | null;
}

export const NO_TIMINGS: JobTimings = { queueMs: null, pullMs: null, createMs: null, runMs: null };

/** The one terminal record of a job. */
export interface JobResult {
  readonly conclusion: Conclusion;
  /** The container's own, 0 to 255, for SUCCESS and FAILURE; -1 when there is none to report. */
  readonly exitCode: number;
  readonly error: JobError | null;
  /** Bytes that the container wrote to both streams, kept or not; counted when they were masked. */
  readonly outputBytes: number;
  /** True when more was written than is kept. */
  readonly outputTruncated: boolean;
  /** True when a value of `secretEnv` was masked in it. */
  readonly outputMasked?: boolean;
  readonly timings: JobTimings;
}

/** A result without any output: for what ended before a container wrote something. */
export function resultWithoutOutput(
  conclusion: Conclusion,
  error: JobError | null,
  timings: JobTimings = NO_TIMINGS,
): JobResult {
  return { conclusion, exitCode: -1, error, outputBytes: 0, outputTruncated: false, timings };
}

/** Of a job that ends with this error, and wrote nothing. */
export function resultOfError(error: JobError): JobResult {
  const { conclusion, exitCode } = endOf(error.code);
  return { ...resultWithoutOutput(conclusion, error), exitCode };
}

/** Of a job that was cancelled before anything of it was started. */
export const CANCELLED = resultOfError(jobError('run.cancelled'));
