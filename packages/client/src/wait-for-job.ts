import type { ConJobClient } from './client.ts';
import { ConJobRequestError } from './data-of.ts';
import type { Job } from './generated/api.ts';

/** Of one request: fetch gives up after some minutes without an answer. */
const WAIT_SECONDS = 60;

/**
 * The job once it has finished, whatever its conclusion. Asks again for as long as it takes, also where the API
 * says when to come again (`Retry-After`: it is full, or its Redis is away); aborting `signal` ends the wait, not
 * the job. Rejects with `ConJobRequestError` on any other error, as when there is no such job (any more).
 */
export async function waitForJob(
  client: ConJobClient,
  id: string,
  { signal = null }: { readonly signal?: AbortSignal | null } = {},
): Promise<Job> {
  const params = { path: { id }, query: { wait: WAIT_SECONDS } };
  for (;;) {
    const { data, error, response } = await client.GET('/jobs/{id}', { params, signal });
    if (data !== undefined && 'state' in data && data.state === 'finished') return data;
    if (response.ok) continue;
    const retryAfterSeconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    if (Number.isNaN(retryAfterSeconds)) throw new ConJobRequestError(response.status, error);
    await pause(retryAfterSeconds * 1000, signal);
  }
}

/** Rejects with the reason of the signal as soon as that is aborted. */
async function pause(ms: number, signal: AbortSignal | null): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const abort = () => reject(signal?.reason);
  signal?.addEventListener('abort', abort);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}
