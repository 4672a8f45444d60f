import { DEFAULT_GROUP } from './group.ts';
import { type JobResult, type JobTimings, NO_TIMINGS } from './job-result.ts';
import { type JobSpec, readJobSpec } from './job-spec.ts';
import type { JobPhase, JobState } from './job-state.ts';
import type { PullProgress } from './pull-progress.ts';
import type { Sandbox } from './sandbox.ts';

/**
 * The newest version. A worker leaves jobs of newer ones to others: 2 has profiles, and one that knows none
 * would run an untrusted job like any other; 3 has `secretEnv`.
 */
export const RECORD_VERSION = 3;
/** The oldest version that is still read. */
export const OLDEST_RECORD_VERSION = 1;

/** Written into the record: no newer one than the job needs, so that older workers can run it. */
export function recordVersionOf({ sealedEnv }: Pick<JobSpec, 'sealedEnv'>): number {
  return sealedEnv === undefined ? 2 : 3;
}

/** One try to run a job. Times in milliseconds since the epoch, by the clock of Redis. */
export interface AttemptRecord {
  readonly number: number;
  /** Name of the worker that made it. */
  readonly worker: string;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  /** Null while it runs, and when it was given back before anything was started. */
  readonly result: JobResult | null;
  /** Those of its result; before there is one, of the parts that are over by now. */
  readonly timings: JobTimings;
}

/** Everything that is known of one job but its output. Times as in {@link AttemptRecord}. */
export interface JobRecord {
  readonly id: string;
  readonly spec: JobSpec;
  /** Whose it is: groups take turns. */
  readonly group: string;
  readonly state: JobState;
  readonly phase: JobPhase | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly attempts: readonly AttemptRecord[];
  /** How far the pull of its image is, while that is under way and worth telling. */
  readonly progress: PullProgress | null;
  /** Digest of the image that was really run. */
  readonly imageDigest: string | null;
  /** What really confined the last container; null before there was one. */
  readonly sandbox: Sandbox | null;
  /** Version of the secret that its container was given; null without one. */
  readonly secretVersion: string | null;
  /** Set from the moment that somebody asked to cancel. */
  readonly cancelReason: string | null;
  /** When the next attempt is due, between two of them. */
  readonly retryAt: number | null;
  /** How often it has been run again: see `retryDelayMs`. */
  readonly retries: number;
  /** Version of the record: see {@link RECORD_VERSION}. */
  readonly version: number;
  readonly result: JobResult | null;
}

/** A record out of the fields of its hash; null for the empty hash of an unknown job. */
export function readJobRecord(id: string, fields: Record<string, string>): JobRecord | null {
  if (fields['state'] === undefined) return null;
  const attempts = Number(fields['attempt']);
  return {
    id,
    spec: readJobSpec(fields['spec'] ?? ''),
    group: fields['group'] ?? DEFAULT_GROUP,
    state: fields['state'] as JobState,
    phase: (fields['phase'] || null) as JobPhase | null,
    createdAt: Number(fields['createdAt']),
    startedAt: optionalTime(fields['startedAt']),
    finishedAt: optionalTime(fields['finishedAt']),
    attempts: Array.from({ length: attempts }, (_, index) => readAttempt(index + 1, fields)),
    progress: readProgress(fields),
    imageDigest: fields['imageDigest'] || null,
    sandbox: fields['sandbox'] ? (JSON.parse(fields['sandbox']) as Sandbox) : null,
    secretVersion: fields['secretVersion'] || null,
    cancelReason: fields['cancelReason'] ?? null,
    retryAt: optionalTime(fields['retryAt']),
    retries: Number(fields['retries']),
    version: Number(fields['v']),
    result: readResult(fields['result']),
  };
}

/** It is about the phase in which it was written, and stays behind when that is over. */
function readProgress({ phase, progress }: Record<string, string>): PullProgress | null {
  return phase === 'pulling' && progress ? (JSON.parse(progress) as PullProgress) : null;
}

function readAttempt(number: number, fields: Record<string, string>): AttemptRecord {
  const field = (name: string) => fields[`attempt:${number}:${name}`];
  const startedAt = Number(field('startedAt'));
  const result = readResult(field('result'));
  const queueMs = startedAt - Number(fields['createdAt']);
  return {
    number,
    worker: field('worker') ?? '',
    startedAt,
    finishedAt: optionalTime(field('finishedAt')),
    result,
    timings: result?.timings ?? readTimings(field('timings')) ?? { ...NO_TIMINGS, queueMs },
  };
}

function readResult(text: string | undefined): JobResult | null {
  return text ? (JSON.parse(text) as JobResult) : null;
}

function readTimings(text: string | undefined): JobTimings | null {
  return text ? (JSON.parse(text) as JobTimings) : null;
}

function optionalTime(text: string | undefined): number | null {
  return text ? Number(text) : null;
}
