import assert from 'node:assert/strict';
import fc from 'fast-check';
import { COMMANDS } from './commands/any-command.ts';
import type { Json } from './modelled-job.ts';
import { type ModelledService, startModelledService } from './modelled-service.ts';
import { ServiceModel } from './service-model.ts';

export interface HistoryOptions {
  readonly histories: number;
  readonly seed: number;
  /** Of a failure, to see that one again. */
  readonly path?: string | undefined;
}

const MAX_COMMANDS = 40;

/**
 * Plays histories of requests that are made up from a seed, on the real service and on the model of it. Throws,
 * with the shortest history that it finds, where the two differ. Returns how many requests there were.
 */
export async function playHistories({ histories, seed, path }: HistoryOptions): Promise<number> {
  const service = await startModelledService();
  let requests = 0;
  let played = 0;
  const counted: ModelledService = {
    ...service,
    call: (...request) => {
      requests += 1;
      return service.call(...request);
    },
  };
  const history = fc.asyncProperty(
    fc.commands(COMMANDS, { maxCommands: MAX_COMMANDS, size: 'max' }),
    async (commands) => {
      played += 1;
      const model = new ServiceModel(`history-${played}`);
      try {
        await fc.asyncModelRun(() => ({ model, real: counted }), commands);
      } finally {
        await clear(counted);
      }
    },
  );
  try {
    await fc.assert(history, { numRuns: histories, seed, ...(path && { path }) });
  } finally {
    await service.stop();
  }
  return requests;
}

/** Ends and deletes all jobs, so that the next history begins with nothing. */
async function clear({ call, callAdmin }: ModelledService): Promise<void> {
  await callAdmin('/tasks/config?conjob.job.limit.maxQueuedJobs=100000', { method: 'POST' });
  const { jobs } = (await call('/jobs?limit=100')).json;
  const ids: string[] = jobs.map(({ id }: Json) => id);
  for (const id of ids) await call(`/jobs/${id}/cancel`, { method: 'POST' });
  await Promise.all(ids.map((id) => call(`/jobs/${id}?wait=60`)));
  for (const id of ids) await call(`/jobs/${id}`, { method: 'DELETE' });
  assert.deepEqual((await call('/jobs')).json, { jobs: [] });
}
