import { type RequestHandler, Router } from 'express';
import { allowMethods } from '../http/allow-methods.ts';
import { clientLeft } from '../http/client-left.ts';
import { Query } from '../http/query.ts';
import { invalidFields } from '../http/request-errors.ts';
import { sendLive } from '../http/send-live.ts';
import type { JobRouteDependencies } from '../jobs/job-route-dependencies.ts';
import { FAREWELL } from '../middleware/stalled-clients.ts';
import { type EventCursor, FROM_THE_START, parseEventId } from './event-id.ts';
import { droppedText } from './event-text.ts';
import { followJob } from './follow-job.ts';
import { jobEventStream } from './job-event-stream.ts';
import { setLiveHeaders } from './live-answer.ts';

const TYPE = 'text/event-stream';

/** `/jobs/{id}/events`: what happens to a job, as server-sent events. */
export function eventRoutes({ jobs, follow }: Pick<JobRouteDependencies, 'jobs' | 'follow'>) {
  const show: RequestHandler<{ id: string }> = async (req, res) => {
    new Query(req.originalUrl, []).throwIfWrong();
    const start = readCursor(req.get('last-event-id'));
    const { id } = await jobs.find(req.params.id);
    res.set('Conjob-Job-Id', id);
    // The one answer after which an EventSource does not come back.
    if (start.isEnd) return void res.status(204).end();
    setLiveHeaders(res, TYPE);
    if (req.method === 'HEAD') return void res.end();
    res.locals[FAREWELL] = Buffer.from(droppedText());
    res.flushHeaders();
    const { attempt, position: after } = start;
    const followed = followJob(follow, id, { signal: clientLeft(res), attempt, after });
    const view = async (record: Parameters<typeof jobs.viewWithoutOutput>[0][number]) =>
      (await jobs.viewWithoutOutput([record]))[0] ?? {};
    const ending = await sendLive(res, jobEventStream(followed, start, view));
    if (ending !== undefined) res.end();
  };

  const router = Router();
  router.route('/jobs/:id/events').all(allowMethods('GET', 'HEAD')).get(show);
  return router;
}

function readCursor(lastEventId: string | undefined): EventCursor {
  if (lastEventId === undefined || lastEventId === '') return FROM_THE_START;
  const cursor = parseEventId(lastEventId);
  if (cursor !== null) return cursor;
  throw invalidFields([{ path: 'Last-Event-ID', message: 'Is no id of an event of a job.' }]);
}
