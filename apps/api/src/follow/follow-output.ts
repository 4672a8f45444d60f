import type { JobRecord } from '@conjob/shared';
import type { Response } from 'express';
import { clientLeft } from '../http/client-left.ts';
import { type FollowDependencies, followJob } from './follow-job.ts';
import { announceTrailers, sendLiveOutput, setLiveHeaders } from './live-answer.ts';
import { type LiveRange, liveBytes } from './live-bytes.ts';

/** The output of a job, or of one attempt, so far and on until its end. */
export async function followOutput(
  res: Response,
  dependencies: FollowDependencies,
  { id }: Pick<JobRecord, 'id'>,
  range: LiveRange,
): Promise<void> {
  res.set('Conjob-Job-Id', id);
  setLiveHeaders(res, 'text/plain');
  if (res.req.method === 'HEAD') return void res.end();
  announceTrailers(res);
  res.flushHeaders();
  const { attempt } = range;
  const followed = followJob(dependencies, id, { signal: clientLeft(res), attempt });
  await sendLiveOutput(res, liveBytes(followed, range), (record) =>
    attempt === undefined ? record.result : (record.attempts[attempt - 1]?.result ?? null),
  );
}
