import type { ConJobClient } from './client.ts';
import { dataOf } from './data-of.ts';
import type { Job } from './generated/api.ts';

/** Of one request: fetch gives up after some minutes without an answer. */
const WAIT_SECONDS = 60;

/**
 * The job once it has finished, whatever its conclusion. Asks again for as long as it takes; aborting `signal` ends
 * the wait, not the job. Rejects with `ConJobRequestError` when there is no such job (any more).
 */
export async function waitForJob(
  client: ConJobClient,
  id: string,
  { signal = null }: { readonly signal?: AbortSignal | null } = {},
): Promise<Job> {
  const params = { path: { id }, query: { wait: WAIT_SECONDS } };
  for (;;) {
    const job = await dataOf(client.GET('/jobs/{id}', { params, signal }));
    if ('state' in job && job.state === 'finished') return job;
  }
}
