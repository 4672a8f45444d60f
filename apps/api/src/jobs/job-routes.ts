import { createHash } from 'node:crypto';
import type { JobSpecSchema } from '@conjob/shared';
import { type RequestHandler, Router } from 'express';
import { jobGroup } from '../auth/job-group.ts';
import { principalOf } from '../auth/principal.ts';
import { allowMethods } from '../http/allow-methods.ts';
import { clientLeft } from '../http/client-left.ts';
import { namesTag } from '../http/entity-tag.ts';
import { readPreferences, remainingMs } from '../http/prefer.ts';
import { Query, splitUrl } from '../http/query.ts';
import { bodyOf, ignoreBody, readBody } from '../http/read-body.ts';
import { passedTrace } from '../http/trace-context.ts';
import { readCancelReason } from './cancel-request.ts';
import { idempotencyKeyHash } from './idempotency.ts';
import {
  answerUnfinished,
  jobGone,
  sendJob,
  setAppliedPreferences,
  setResultHeaders,
  setSubmittedHeaders,
} from './job-answer.ts';
import type { JobRouteDependencies } from './job-route-dependencies.ts';
import { type JobView, jobPath } from './job-view.ts';
import { nextPageUrl, readListQuery } from './list-query.ts';
import type { NewJob } from './new-job.ts';
import { ON_DISCONNECT } from './on-disconnect.ts';
import { readQueryRequest } from './query-request.ts';
import { reproduce } from './reproduce.ts';
import { readSpecRequest } from './spec-request.ts';

const MAX_WAIT_SECONDS = 300;
/** More than the longest reason takes, however it is escaped. */
const MAX_CANCEL_BYTES = 4096;

/** A route with the id of a job in its path. */
type JobHandler = RequestHandler<{ id: string }>;

/** `/jobs`: submit, look, cancel, delete. */
export function jobRoutes({
  jobs,
  waits,
  abandoned,
  specSchema,
  maxInputBytes,
}: JobRouteDependencies) {
  const submit: RequestHandler = async (req, res) => {
    const { originalUrl: url } = req;
    const read = (schema: JobSpecSchema): NewJob =>
      isQueryForm(url)
        ? readQueryRequest(schema, url, bodyOf(req))
        : readSpecRequest(schema, url, req.get('content-type'), bodyOf(req));
    const left = clientLeft(res);
    const came = performance.now();
    const reading = await specSchema.read(read);
    const { spec, cancelOnDisconnect } = reading.job;
    const preferences = readPreferences(req.get('prefer'));
    const submitted = await jobs.submit(reading, {
      keyHash: idempotencyKeyHash(req, res),
      group: jobGroup(principalOf(res), spec.group),
      traceparent: passedTrace(res),
      signal: cancelOnDisconnect ? left : undefined,
    });
    setSubmittedHeaders(res, submitted);
    res.location(jobPath(submitted.id));
    setAppliedPreferences(res, preferences);

    const { end, record } = await waits.untilFinished(submitted.id, {
      timeoutMs: remainingMs(preferences.waitSeconds ?? 0, came),
      signal: left,
    });
    if (end === 'disconnected') {
      if (cancelOnDisconnect) abandoned.cancel(submitted.id);
      return;
    }
    if (end === 'missing') throw jobGone();
    if (end !== 'finished' || record === null || preferences.waitSeconds === undefined) {
      await answerUnfinished(res, jobs, submitted.id, record);
      return;
    }
    setResultHeaders(res, record);
    await sendJob(res, jobs, record);
  };

  const list: RequestHandler = async (req, res) => {
    const { jobs: records, next } = await jobs.list(readListQuery(req.originalUrl));
    if (next !== undefined) {
      res.set('Link', `<${nextPageUrl(req.originalUrl, next)}>; rel="next"`);
    }
    res.json({ jobs: await jobs.viewWithoutOutput(records) });
  };

  const show: JobHandler = async (req, res) => {
    const query = new Query(req.originalUrl, ['wait']);
    const asked = query.integerWithin('wait', 0, MAX_WAIT_SECONDS);
    query.throwIfWrong();
    const preferred = readPreferences(req.get('prefer')).waitSeconds;
    const seconds = asked ?? (preferred && Math.min(preferred, MAX_WAIT_SECONDS)) ?? 0;
    let record = await jobs.find(req.params.id);
    if (asked === undefined && preferred !== undefined) {
      res.set('Preference-Applied', `wait=${seconds}`);
    }
    if (record.state !== 'finished' && seconds > 0) {
      const wait = await waits.untilFinished(record.id, {
        timeoutMs: seconds * 1000,
        signal: clientLeft(res),
      });
      if (wait.end === 'disconnected') return;
      if (wait.end === 'missing') throw jobGone();
      record = wait.record ?? record;
      if (wait.end === 'closing') return answerUnfinished(res, jobs, record.id, record);
    }
    setResultHeaders(res, record);
    const view = await jobs.view(record);
    const tag = tagOf(view);
    res.set('ETag', tag);
    if (namesTag(req.get('if-none-match'), tag)) res.status(304).end();
    else await sendJob(res, jobs, record, view);
  };

  const remove: JobHandler = async (req, res) => {
    new Query(req.originalUrl, []).throwIfWrong();
    await jobs.remove(req.params.id);
    res.status(204).end();
  };

  const cancel: JobHandler = async (req, res) => {
    const query = new Query(req.originalUrl, ['reason']);
    const reason = readCancelReason(query, req.get('content-type'), bodyOf(req));
    const record = await jobs.cancel(req.params.id, reason);
    setResultHeaders(res, record);
    res.status(202).location(jobPath(record.id));
    await sendJob(res, jobs, record);
  };

  const repeat: JobHandler = async (req, res) => {
    new Query(req.originalUrl, []).throwIfWrong();
    const record = await jobs.find(req.params.id);
    res.type('text/plain').send(reproduce(record));
  };

  const router = Router();
  router
    .route('/jobs')
    .all(allowMethods('GET', 'HEAD', 'POST'))
    .get(list)
    .post(readBody(maxInputBytes), submit);
  router
    .route('/jobs/:id')
    .all(allowMethods('GET', 'HEAD', 'DELETE'))
    .get(show)
    .delete(ignoreBody, remove);
  router
    .route('/jobs/:id/cancel')
    .all(allowMethods('POST'))
    .post(readBody(MAX_CANCEL_BYTES), cancel);
  router.route('/jobs/:id/reproduce').all(allowMethods('GET', 'HEAD')).get(repeat);
  return router;
}

/** Whatever the query says of the job makes it the query form: the body is input then, even if it is JSON. */
function isQueryForm(url: string): boolean {
  const [, search] = splitUrl(url);
  return search.split('&').some((pair) => pair !== '' && !pair.startsWith(`${ON_DISCONNECT}=`));
}

/** Output is not part of the tag: it can't change once the record says that the job has finished. */
function tagOf(view: JobView): string {
  const hash = createHash('sha256').update(JSON.stringify(view)).digest('base64url');
  return `"${hash.slice(0, 27)}"`;
}
