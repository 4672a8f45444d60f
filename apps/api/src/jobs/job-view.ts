import {
  CONCLUSIONS,
  type Conclusion,
  type JobError,
  type JobRecord,
  type JobResult,
  type JobTimings,
  NO_TIMINGS,
} from '@conjob/shared';
import { isoTime } from '../http/iso-time.ts';
import type { Waiting } from './waiting.ts';

/** What is stored as the reason of whoever gave none: an empty one would mean that nobody cancelled. */
export const NO_REASON = 'requested';

/** What a view shows beyond the record. */
export interface ViewExtras {
  /** Left out of lists; null until the job has finished, and then for whoever sends it to fill in. */
  readonly output?: null;
  readonly waiting: Waiting | null;
}

/** A job as callers see it. Times are ISO 8601. */
export function viewJob(record: JobRecord, extras: ViewExtras) {
  const { id, spec, result } = record;
  return {
    id,
    state: record.state,
    phase: record.phase,
    progress: record.progress,
    conclusion: result?.conclusion ?? null,
    exitCode: result?.exitCode ?? null,
    message: result ? conclusionFacts(result.conclusion).message : null,
    error: result && errorOf(result, record),
    cancelReason: cancelReasonOf(record),
    image: spec.image,
    secretEnv: Object.keys(spec.sealedEnv ?? {}),
    imageDigest: record.imageDigest,
    sandbox: record.sandbox,
    ...(extras.output === undefined ? {} : { output: extras.output }),
    outputBytes: result?.outputBytes ?? null,
    outputTruncated: result?.outputTruncated ?? false,
    outputMasked: result?.outputMasked ?? false,
    labels: spec.labels,
    group: record.group,
    traceparent: spec.traceparent ?? null,
    attempts: record.attempts.map((attempt) => viewAttempt(record, attempt)),
    createdAt: isoTime(record.createdAt),
    startedAt: isoTime(record.startedAt),
    finishedAt: isoTime(record.finishedAt),
    timings: timingsOf(record),
    waiting: extras.waiting,
    links: jobLinks(id),
  };
}

export type JobView = ReturnType<typeof viewJob>;

/** What `/job/run` answers as JSON, with null for the output. */
export function viewRun(record: JobRecord, result: JobResult) {
  const error = errorOf(result, record);
  return {
    id: record.id,
    conclusion: result.conclusion,
    output: null,
    exitCode: result.exitCode,
    message: conclusionFacts(result.conclusion).message,
    ...(error === null ? {} : { error }),
  };
}

export function jobPath(id: string): string {
  return `/jobs/${id}`;
}

export function jobLinks(id: string) {
  const self = jobPath(id);
  return {
    self,
    output: `${self}/output`,
    events: `${self}/events`,
    cancel: `${self}/cancel`,
  };
}

function viewAttempt(
  record: JobRecord,
  { number, result, ...attempt }: JobRecord['attempts'][number],
) {
  return {
    number,
    worker: attempt.worker,
    startedAt: isoTime(attempt.startedAt),
    finishedAt: isoTime(attempt.finishedAt),
    conclusion: result?.conclusion ?? null,
    exitCode: result?.exitCode ?? null,
    error: result && errorOf(result, record),
    outputBytes: result?.outputBytes ?? null,
    outputTruncated: result?.outputTruncated ?? false,
    outputMasked: result?.outputMasked ?? false,
    timings: attempt.timings,
    links: { output: `${jobPath(record.id)}/attempts/${number}/output` },
  };
}

/** Those of the attempt that runs, as far as they are known; of a job that waits there are none. */
function timingsOf({ state, attempts, result }: JobRecord): JobTimings {
  const running = state === 'running' ? attempts.at(-1)?.timings : undefined;
  return result?.timings ?? running ?? NO_TIMINGS;
}

function cancelReasonOf({ cancelReason }: Pick<JobRecord, 'cancelReason'>): string | null {
  return cancelReason === NO_REASON ? null : cancelReason;
}

/** What went wrong; with the reason that was given, where somebody cancelled it. */
export function errorOf(
  { conclusion, error }: JobResult,
  job: Pick<JobRecord, 'cancelReason'>,
): JobError | null {
  const reason = cancelReasonOf(job);
  if (error === null || conclusion !== 'CANCELLED' || reason === null) return error;
  return { ...error, message: `${error.message} (${reason})` };
}

/** A newer version may have written a conclusion that this one has not heard of. */
export function conclusionFacts(conclusion: Conclusion): (typeof CONCLUSIONS)[Conclusion] {
  return Object.hasOwn(CONCLUSIONS, conclusion) ? CONCLUSIONS[conclusion] : CONCLUSIONS.UNKNOWN;
}
