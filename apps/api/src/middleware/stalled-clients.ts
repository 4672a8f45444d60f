import type { RequestHandler, Response } from 'express';
import { ABANDONED } from './request-log.ts';

/** In `res.locals`: bytes that end the answer of a client that is cut off, should it read on after all. */
export const FAREWELL = 'farewell';

/**
 * Cuts off clients that stop reading their answer: those that take nothing of what is ready for them
 * for so long. Mostly by breaking the connection, so that nobody takes a part for the whole. Where the form
 * of the answer has a word for that ({@link FAREWELL}), they have the same time once more to read it.
 */
export function cutOffStalledClients(stalledAfterMs: number): RequestHandler {
  return (_req, res, next) => {
    // The time runs while the socket neither takes nor gives a byte.
    res.setTimeout(stalledAfterMs, () => {
      // Without anything to send it is not the client that is slow.
      const isStalled = res.writableLength > 0 || (res.socket?.writableLength ?? 0) > 0;
      if (isStalled && !res.writableEnded) cutOff(res, stalledAfterMs);
    });
    next();
  };
}

function cutOff(res: Response, stalledAfterMs: number): void {
  res.locals[ABANDONED] = `the client took nothing for ${stalledAfterMs / 1000} s`;
  const farewell = res.locals[FAREWELL] as Buffer | undefined;
  if (farewell === undefined) {
    res.destroy();
    return;
  }
  const impatience = setTimeout(() => res.destroy(), stalledAfterMs);
  const forget = () => clearTimeout(impatience);
  res.once('finish', forget).once('close', forget);
  res.end(farewell);
}
