import type { JobError, JobResult, JobSpecSchema } from '@conjob/shared';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { jobGroup } from '../auth/job-group.ts';
import { principalOf } from '../auth/principal.ts';
import { streamRun } from '../follow/stream-run.ts';
import { accepts, prefersJson } from '../http/accept.ts';
import { allowMethods } from '../http/allow-methods.ts';
import { clientLeft } from '../http/client-left.ts';
import { isJsonType } from '../http/json-body.ts';
import { preferredWaitSeconds, readPreferences, remainingMs } from '../http/prefer.ts';
import { bodyOf, readBody } from '../http/read-body.ts';
import { RequestError } from '../http/request-errors.ts';
import { sendChunks } from '../http/send-chunks.ts';
import { passedTrace } from '../http/trace-context.ts';
import { answerRejected, RefusedJobError } from '../limits/refused-job.ts';
import type { Reading } from './current-spec-schema.ts';
import { idempotencyKeyHash } from './idempotency.ts';
import {
  answerUnfinished,
  jobGone,
  sendWithOutput,
  setAppliedPreferences,
  setResultHeaders,
  setSubmittedHeaders,
} from './job-answer.ts';
import { bytesOf, type FirstOutput, type OutputPiece } from './job-output.ts';
import type { JobRouteDependencies } from './job-route-dependencies.ts';
import { conclusionFacts, errorOf, viewRun } from './job-view.ts';
import { type QueryRequest, readQueryRequest } from './query-request.ts';
import type { ExpectedJob } from './wait-for-job.ts';

/** What is kept of a request while its job runs. */
interface StartedRun {
  readonly id: string;
  readonly wantsStream: boolean;
  readonly cancelOnDisconnect: boolean;
  /** Undefined of a job that was there before. */
  readonly expected: ExpectedJob | undefined;
  readonly options: { readonly timeoutMs: number | undefined; readonly signal: AbortSignal };
}

interface WaitingClient {
  /** When, by `performance.now()`. */
  readonly came: number;
  /** Aborted when it leaves. */
  readonly signal: AbortSignal;
}

/** `/job/run`: run a job, wait, answer with what it printed, or print it as it comes. */
export function runRoutes({
  jobs,
  waits,
  abandoned,
  follow,
  specSchema,
  maxInputBytes,
}: JobRouteDependencies) {
  // Thousands may wait: of what they asked for, nothing is kept meanwhile but what it takes to answer them.
  const run: RequestHandler = async (req, res) => {
    const started = await start(req, res);
    if (started !== null) await answer(req, res, started);
  };

  /** Null when it was refused, and has its answer. */
  const start = async (req: Request, res: Response): Promise<StartedRun | null> => {
    // The body is input whatever its type, but who names no image may take this for `/jobs`.
    const hint = isJsonType(req.get('content-type')) ? 'A job spec goes to POST /jobs.' : undefined;
    const read = (schema: JobSpecSchema) =>
      readQueryRequest(schema, req.originalUrl, bodyOf(req), hint);
    const client = { came: performance.now(), signal: clientLeft(res) };
    const started = await submit(req, res, client, await specSchema.read(read));
    req.body = undefined;
    return started;
  };

  const submit = async (
    req: Request,
    res: Response,
    { came, signal }: WaitingClient,
    reading: Reading<QueryRequest>,
  ): Promise<StartedRun | null> => {
    const { spec, wantsStream, cancelOnDisconnect } = reading.job;
    if (wantsStream) refuseOtherThanText(req.get('accept'));
    const preferences = readPreferences(req.get('prefer'));
    const seconds = preferredWaitSeconds(preferences);
    const keyHash = idempotencyKeyHash(req, res);
    const group = jobGroup(principalOf(res), spec.group);
    let expected: ExpectedJob | undefined;
    const submitted = await jobs
      .submit(reading, {
        keyHash,
        needsPlace: true,
        traceparent: passedTrace(res),
        group,
        signal: cancelOnDisconnect ? signal : undefined,
        onNew: (id) => {
          expected = waits.expect(id);
        },
      })
      .catch((error: unknown) => {
        expected?.forget();
        if (error instanceof RefusedJobError) return error;
        throw error;
      });
    if (submitted instanceof RefusedJobError) {
      answerRejected(res, submitted);
      return null;
    }
    if (submitted.replayed || wantsStream) {
      expected?.forget();
      expected = undefined;
    }
    setSubmittedHeaders(res, submitted);
    setAppliedPreferences(res, preferences);
    const timeoutMs = seconds === undefined ? undefined : remainingMs(seconds, came);
    const options = { timeoutMs, signal };
    return { id: submitted.id, wantsStream, cancelOnDisconnect, expected, options };
  };

  const answer = async (
    req: Request,
    res: Response,
    { id, wantsStream, cancelOnDisconnect, expected, options }: StartedRun,
  ): Promise<void> => {
    let first: FirstOutput | undefined;
    const alongside = () => {
      first = jobs.firstOutput(id);
    };
    const { end, record } = wantsStream
      ? await streamRun(res, follow, id, options)
      : await waits.untilFinished(id, { ...options, expected, alongside });
    if (end === 'disconnected') {
      if (cancelOnDisconnect) abandoned.cancel(id);
      return;
    }
    if (res.headersSent) return;
    if (end === 'missing') throw jobGone();
    if (end !== 'finished' || !record?.result) {
      await answerUnfinished(res, jobs, id, record);
      return;
    }
    setResultHeaders(res, record);
    res.status(conclusionFacts(record.result.conclusion).status);
    const output = jobs.resultOutput(record, first);
    if (!wantsStream && prefersJson(req.get('accept'))) {
      await sendWithOutput(res, viewRun(record, record.result), output);
    } else await answerText(res, record.result, errorOf(record.result, record), output);
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
  output: AsyncIterable<OutputPiece>,
): Promise<void> {
  res.type('text/plain');
  if (outputBytes > 0 || error === null) return sendChunks(res, bytesOf(output));
  const parts = [
    conclusionFacts(conclusion).message,
    `${error.code}: ${error.message}`,
    error.hint,
  ];
  res.send(`${parts.filter((part) => part !== null).join(' ')}\n`);
}
