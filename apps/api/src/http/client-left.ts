import type { ServerResponse } from 'node:http';

/** Aborts when the client leaves before it has its answer. */
export function clientLeft(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (res.closed) controller.abort();
  else res.once('close', () => controller.abort());
  return controller.signal;
}
