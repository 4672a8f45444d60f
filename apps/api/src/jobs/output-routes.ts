import { type RequestHandler, Router } from 'express';
import { allowMethods } from '../http/allow-methods.ts';
import { Query } from '../http/query.ts';
import { RequestError } from '../http/request-errors.ts';
import { sendChunks } from '../http/send-chunks.ts';
import { setResultHeaders } from './job-answer.ts';
import type { JobRouteDependencies } from './run-routes.ts';

const STREAMS = ['stdout', 'stderr'] as const;

/** `/jobs/{id}/output`: what the container has written so far, byte for byte. */
export function outputRoutes({ jobs }: Pick<JobRouteDependencies, 'jobs'>) {
  const show: RequestHandler<{ id: string }> = async (req, res) => {
    const query = new Query(req.originalUrl, ['stream', 'offset', 'follow']);
    const range = {
      stream: query.oneOf('stream', STREAMS),
      offset: query.integerWithin('offset', 0, Number.MAX_SAFE_INTEGER),
    };
    const follow = query.boolean('follow') ?? false;
    query.throwIfWrong();
    if (follow) {
      throw new RequestError('feature.unavailable', 'follow=true is not available yet.', {
        hint: 'Ask again with offset= the number of bytes that you have.',
      });
    }
    const record = await jobs.find(req.params.id);
    setResultHeaders(res, record);
    res.type('text/plain');
    await sendChunks(res, jobs.output(record, range));
  };

  const router = Router();
  router.route('/jobs/:id/output').all(allowMethods('GET', 'HEAD')).get(show);
  return router;
}
