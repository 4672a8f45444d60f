import type { ServerResponse } from 'node:http';

/** Aborts when the client leaves before it has its answer. */
export function clientLeft(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const leave = (): void => {
    // An answer that was sent closes too: nobody left, and an abort costs more than it seems.
    if (!res.writableFinished) controller.abort();
  };
  if (res.closed) leave();
  else res.once('close', leave);
  return controller.signal;
}
