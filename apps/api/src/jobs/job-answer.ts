import type { JobRecord, JobResult, JobTimings } from '@conjob/shared';
import type { Response } from 'express';
import { jsonWithText } from '../http/json-text.ts';
import { appliedPreferences, type Preferences } from '../http/prefer.ts';
import { RequestError } from '../http/request-errors.ts';
import { sendChunks } from '../http/send-chunks.ts';
import { rateLimitFields } from '../limits/rate-limit-fields.ts';
import type { OutputPiece } from './job-output.ts';
import type { JobService, Submitted } from './job-service.ts';
import { type JobView, jobLinks, jobPath } from './job-view.ts';

/** Headers of every answer to a request that made a job, or found the one of its key. */
export function setSubmittedHeaders(res: Response, { id, replayed, rate }: Submitted): void {
  res.set('Conjob-Job-Id', id).set(rateLimitFields(rate));
  if (replayed) res.set('Idempotency-Replayed', 'true');
}

/** On answers whose time the caller's preferences decide. */
export function setAppliedPreferences(res: Response, preferences: Preferences): void {
  const applied = appliedPreferences(preferences);
  if (applied !== undefined) res.set('Preference-Applied', applied);
}

/** Headers that say of a finished job in short how it ended. */
export function setResultHeaders(
  res: Response,
  { id, result }: Pick<JobRecord, 'id' | 'result'>,
): void {
  res.set('Conjob-Job-Id', id);
  if (result !== null) res.set(resultHeaders(result));
}

/** The same as trailers, after an answer that began before the end. */
export const RESULT_TRAILERS =
  'Conjob-Conclusion, Conjob-Exit-Code, Conjob-Error, Conjob-Output-Truncated, Server-Timing';

export function resultHeaders(result: JobResult): Record<string, string> {
  const timing = serverTiming(result.timings);
  return {
    'Conjob-Conclusion': result.conclusion,
    'Conjob-Exit-Code': String(result.exitCode),
    // The code alone: a message may hold what others said, which is not for a header.
    ...(result.error === null ? {} : { 'Conjob-Error': result.error.code }),
    ...(result.outputTruncated ? { 'Conjob-Output-Truncated': 'true' } : {}),
    ...(timing === '' ? {} : { 'Server-Timing': timing }),
  };
}

/** 202: the job goes on, and is found at `Location`. `record` is null when Redis is away. */
export async function answerUnfinished(
  res: Response,
  jobs: JobService,
  id: string,
  record: JobRecord | null,
): Promise<void> {
  res.status(202).location(jobPath(id));
  if (record === null) res.json({ id, links: jobLinks(id) });
  else await sendJob(res, jobs, record);
}

/** The job as JSON, with its output once it has finished. */
export async function sendJob(
  res: Response,
  jobs: JobService,
  record: JobRecord,
  known?: JobView,
): Promise<void> {
  const view = known ?? (await jobs.view(record));
  if (record.state === 'finished') await sendWithOutput(res, view, jobs.resultOutput(record));
  else res.json(view);
}

/** A view as JSON. Output can be large, and six times as large as JSON: it is sent as it is read. */
export async function sendWithOutput(
  res: Response,
  view: { readonly output?: null },
  output: AsyncIterable<OutputPiece>,
): Promise<void> {
  res.type('application/json');
  if (res.req.method === 'HEAD') res.end();
  else await sendChunks(res, jsonWithText(view, 'output', output));
}

/** The job of a wait, or of an Idempotency-Key, that is no longer there. */
export function jobGone(): RequestError {
  return new RequestError(
    'job.gone',
    'The job is no longer kept: it was deleted, or has expired.',
    {
      hint: 'Use a new Idempotency-Key for a new job.',
    },
  );
}

function serverTiming({ queueMs, pullMs, createMs, runMs }: JobTimings): string {
  return Object.entries({ queue: queueMs, pull: pullMs, create: createMs, run: runMs })
    .flatMap(([name, ms]) => (ms === null ? [] : [`${name};dur=${ms}`]))
    .join(', ');
}
