import { type RequestHandler, type Response, Router } from 'express';
import { followOutput } from '../follow/follow-output.ts';
import { allowMethods } from '../http/allow-methods.ts';
import { Query } from '../http/query.ts';
import { RequestError } from '../http/request-errors.ts';
import { sendChunks } from '../http/send-chunks.ts';
import { setResultHeaders } from './job-answer.ts';
import type { OutputRange } from './job-output.ts';
import type { JobRouteDependencies } from './job-route-dependencies.ts';

const STREAMS = ['stdout', 'stderr'] as const;

/** `/jobs/{id}/output`: what the containers of a job have written so far, byte for byte; and that of each attempt. */
export function outputRoutes({ jobs, follow }: Pick<JobRouteDependencies, 'jobs' | 'follow'>) {
  const show: RequestHandler<{ id: string }> = async (req, res) => {
    const { isFollowed, ...range } = readRange(req.originalUrl);
    const record = await jobs.find(req.params.id);
    if (isFollowed) return followOutput(res, follow, record, range);
    setResultHeaders(res, record);
    await sendOutput(res, jobs.output(record, range));
  };

  const showAttempt: RequestHandler<{ id: string; number: string }> = async (req, res) => {
    const { isFollowed, ...range } = readRange(req.originalUrl);
    const record = await jobs.find(req.params.id);
    const attempt = record.attempts.find(({ number }) => String(number) === req.params.number);
    if (attempt === undefined) throw noSuchAttempt(record.attempts.length);
    if (isFollowed) return followOutput(res, follow, record, { ...range, attempt: attempt.number });
    setResultHeaders(res, { id: record.id, result: attempt.result });
    await sendOutput(res, jobs.output(record, { ...range, attempt: attempt.number }));
  };

  const router = Router();
  router.route('/jobs/:id/output').all(allowMethods('GET', 'HEAD')).get(show);
  router
    .route('/jobs/:id/attempts/:number/output')
    .all(allowMethods('GET', 'HEAD'))
    .get(showAttempt);
  return router;
}

async function sendOutput(res: Response, output: AsyncIterable<Buffer>): Promise<void> {
  res.type('text/plain');
  if (res.req.method === 'HEAD') res.end();
  else await sendChunks(res, output);
}

function readRange(url: string): OutputRange & { readonly isFollowed: boolean } {
  const query = new Query(url, ['stream', 'offset', 'follow']);
  const range = {
    stream: query.oneOf('stream', STREAMS),
    offset: query.integerWithin('offset', 0, Number.MAX_SAFE_INTEGER),
    isFollowed: query.boolean('follow') ?? false,
  };
  query.throwIfWrong();
  return range;
}

function noSuchAttempt(attempts: number): RequestError {
  const known = attempts === 0 ? 'It has not begun.' : `The last one is ${attempts}.`;
  return new RequestError('attempt.not_found', `The job has no such attempt. ${known}`);
}
