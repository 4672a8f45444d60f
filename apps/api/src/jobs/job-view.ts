import {
  type AttemptRecord,
  CONCLUSIONS,
  type Conclusion,
  type JobRecord,
  NO_TIMINGS,
} from '@conjob/shared';

/** Why a queued job has not started. */
export interface Waiting {
  /** 1 for the job that is taken next. */
  readonly position: number;
  readonly reason: string;
}

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
    conclusion: result?.conclusion ?? null,
    exitCode: result?.exitCode ?? null,
    message: result ? CONCLUSIONS[result.conclusion].message : null,
    error: result?.error ?? null,
    image: spec.image,
    imageDigest: record.imageDigest,
    ...(extras.output === undefined ? {} : { output: extras.output }),
    outputBytes: result?.outputBytes ?? null,
    outputTruncated: result?.outputTruncated ?? false,
    labels: spec.labels,
    attempts: record.attempts.map(viewAttempt),
    createdAt: isoTime(record.createdAt),
    startedAt: isoTime(record.startedAt),
    finishedAt: isoTime(record.finishedAt),
    timings: result?.timings ?? NO_TIMINGS,
    waiting: extras.waiting,
    links: jobLinks(id),
  };
}

export type JobView = ReturnType<typeof viewJob>;

/** What `/job/run` answers as JSON, with null for the output. */
export function viewRun(record: JobRecord, conclusion: Conclusion) {
  const error = record.result?.error ?? null;
  return {
    id: record.id,
    conclusion,
    output: null,
    exitCode: record.result?.exitCode ?? -1,
    message: CONCLUSIONS[conclusion].message,
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

function viewAttempt({ number, worker, startedAt, finishedAt, result }: AttemptRecord) {
  return {
    number,
    worker,
    startedAt: isoTime(startedAt),
    finishedAt: isoTime(finishedAt),
    conclusion: result?.conclusion ?? null,
  };
}

function isoTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
