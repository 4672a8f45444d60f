import type { JobRecord } from '@conjob/shared';
import type { Response } from 'express';
import { sendLive } from '../http/send-live.ts';
import { RESULT_TRAILERS, resultHeaders } from '../jobs/job-answer.ts';
import type { FollowEnd } from './follow-job.ts';

/** Headers of an answer that goes on as long as a job: no proxy is to hold it back. */
export function setLiveHeaders(res: Response, type: string): void {
  res.type(type).set('X-Accel-Buffering', 'no');
}

/** Announces how the job ended for the end of the answer. HTTP/1.0 has no place for that. */
export function announceTrailers(res: Response): void {
  if (res.req.httpVersionMinor >= 1) res.set('Trailer', RESULT_TRAILERS);
}

/**
 * Sends output as it comes, and after it how the job ended, or its attempt: one that was given back has no
 * result. An answer that ends before that is broken off, so that nobody takes it for the whole. Returns
 * undefined when the client left.
 */
export async function sendLiveOutput(
  res: Response,
  output: AsyncGenerator<Buffer, FollowEnd>,
  resultOf: (record: JobRecord) => JobRecord['result'] = ({ result }) => result,
): Promise<FollowEnd | undefined> {
  const ending = await sendLive(res, output);
  if (ending === undefined) return undefined;
  if (ending.end === 'finished') {
    const result = ending.record && resultOf(ending.record);
    if (result) res.addTrailers(resultHeaders(result));
    res.end();
  } else breakOff(res);
  return ending;
}

/** Ends its connection behind what was written. */
function breakOff(res: Response): void {
  if (res.socket) res.socket.destroySoon();
  // Another answer comes first on its connection. Once it has it, it writes at once what is kept of it.
  else res.once('socket', (socket) => process.nextTick(() => socket.destroySoon()));
}
