import type { Response } from 'express';
import type { Wait, WaitOptions } from '../jobs/wait-for-job.ts';
import { type FollowDependencies, type FollowEnd, followJob } from './follow-job.ts';
import { announceTrailers, sendLiveOutput, setLiveHeaders } from './live-answer.ts';
import { liveBytes } from './live-bytes.ts';

/**
 * Answers a run with its output as it is written. Nothing is sent before there is some: a job that ends
 * without any, and a wait that ends before, are left to the caller to answer, with a status that fits.
 */
export async function streamRun(
  res: Response,
  dependencies: FollowDependencies,
  id: string,
  { signal, timeoutMs }: WaitOptions & { readonly signal: AbortSignal },
): Promise<Pick<Wait, 'end' | 'record'>> {
  const output = liveBytes(followJob(dependencies, id, { signal, patienceMs: timeoutMs }));
  const first = await output.next();
  if (first.done) return first.value;
  setLiveHeaders(res, 'text/plain');
  announceTrailers(res);
  res.flushHeaders();
  const ending = await sendLiveOutput(res, withFirst(first.value, output));
  return ending ?? { end: 'disconnected', record: null };
}

async function* withFirst(
  first: Buffer,
  rest: AsyncGenerator<Buffer, FollowEnd>,
): AsyncGenerator<Buffer, FollowEnd> {
  try {
    yield first;
    return yield* rest;
  } finally {
    await rest.return(undefined as never);
  }
}
