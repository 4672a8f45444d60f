import type { JobError, JobResult } from '@conjob/shared';
import { type RequestHandler, type Response, Router } from 'express';
import { jobGroup } from '../auth/job-group.ts';
import { principalOf } from '../auth/principal.ts';
import { streamRun } from '../follow/stream-run.ts';
import { accepts, prefersJson } from '../http/accept.ts';
import { allowMethods } from '../http/allow-methods.ts';
import { clientLeft } from '../http/client-left.ts';
import { preferredWaitSeconds, readPreferences } from '../http/prefer.ts';
import { bodyOf, readBody } from '../http/read-body.ts';
import { RequestError } from '../http/request-errors.ts';
import { sendChunks } from '../http/send-chunks.ts';
import { passedTrace } from '../http/trace-context.ts';
import { answerRejected, RefusedJobError } from '../limits/refused-job.ts';
import { idempotencyKeyHash } from './idempotency.ts';
import {
  answerUnfinished,
  jobGone,
  sendWithOutput,
  setAppliedPreferences,
  setResultHeaders,
  setSubmittedHeaders,
} from './job-answer.ts';
import type { JobRouteDependencies } from './job-route-dependencies.ts';
import { conclusionFacts, errorOf, viewRun } from './job-view.ts';
import { readQueryRequest } from './query-request.ts';

/** `/job/run`: run a job, wait, answer with what it printed, or print it as it comes. */
export function runRoutes({
  jobs,
  waits,
  abandoned,
  follow,
  specSchema,
  maxInputBytes,
}: JobRouteDependencies) {
  const run: RequestHandler = async (req, res) => {
    const job = readQueryRequest(await specSchema(), req.originalUrl, bodyOf(req));
    if (job.wantsStream) refuseOtherThanText(req.get('accept'));
    const preferences = readPreferences(req.get('prefer'));
    const seconds = preferredWaitSeconds(preferences);
    const keyHash = idempotencyKeyHash(req, res);
    const group = jobGroup(principalOf(res), job.spec.group);
    const options = {
      timeoutMs: seconds === undefined ? undefined : seconds * 1000,
      signal: clientLeft(res),
    };
    const submitted = await jobs
      .submit(job, {
        keyHash,
        needsPlace: true,
        traceparent: passedTrace(res),
        group,
      })
      .catch((error: unknown) => {
        if (error instanceof RefusedJobError) return error;
        throw error;
      });
    if (submitted instanceof RefusedJobError) return answerRejected(res, submitted);
    setSubmittedHeaders(res, submitted);
    setAppliedPreferences(res, preferences);

    const { end, record } = job.wantsStream
      ? await streamRun(res, follow, submitted.id, options)
      : await waits.untilFinished(submitted.id, options);
    if (end === 'disconnected') {
      if (job.cancelOnDisconnect) abandoned.cancel(submitted.id);
      return;
    }
    if (res.headersSent) return;
    if (end === 'missing') throw jobGone();
    if (end !== 'finished' || !record?.result) {
      await answerUnfinished(res, jobs, submitted.id, record);
      return;
    }
    setResultHeaders(res, record);
    res.status(conclusionFacts(record.result.conclusion).status);
    if (!job.wantsStream && prefersJson(req.get('accept'))) {
      await sendWithOutput(res, viewRun(record, record.result), jobs.resultOutput(record));
    } else
      await answerText(
        res,
        record.result,
        errorOf(record.result, record),
        jobs.resultOutput(record),
      );
  };

  // HEAD is not among them: it must not start anything.
  const router = Router();
  router.route('/job/run').all(allowMethods('GET', 'POST'), readBody(maxInputBytes), run);
  return router;
}

/** Before a job is made of it. */
function refuseOtherThanText(accept: string | undefined): void {
  if (accepts(accept, 'text/plain')) return;
  throw new RequestError('request.not_acceptable', 'With stream=true the answer is text only.', {
    hint: 'Accept text/plain, or follow the job as server-sent events: /jobs/{id}/events.',
  });
}

async function answerText(
  res: Response,
  { conclusion, outputBytes }: JobResult,
  error: JobError | null,
  output: AsyncGenerator<Buffer>,
): Promise<void> {
  res.type('text/plain');
  if (outputBytes > 0 || error === null) return sendChunks(res, output);
  const parts = [
    conclusionFacts(conclusion).message,
    `${error.code}: ${error.message}`,
    error.hint,
  ];
  res.send(`${parts.filter((part) => part !== null).join(' ')}\n`);
}
