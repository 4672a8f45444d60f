import { closedLoop } from '../closed-loop.ts';
import { findJob, listJobs, submit, submitRunning } from '../jobs/jobs-api.ts';
import { startedContainers } from '../jobs/started-containers.ts';
import type { Installation } from '../stage/installation.ts';
import { lostJobs } from './recovery-jobs.ts';
import type { Performance } from './scenario.ts';

export const QUEUED_JOBS = 10_000;
const CLIENTS = 16;
const FIRST_RUN_WITHIN_MS = 60_000;

export interface Restart {
  /** How many jobs nobody knew afterwards, or had not ended well. */
  readonly lost: number;
  /** All of them, one after the other on each of the clients' connections. */
  readonly submitMs: number;
  /** Until Redis had read its file and answered. */
  readonly redisMs: number;
  /** From the worker's "ready" to the start of the first of the queued jobs' containers. */
  readonly firstRunMs: number;
  /** From the start of the first process, which is Redis, until then. */
  readonly firstRunAfterAllMs: number;
}

/**
 * Queues many jobs behind one that occupies the worker's only slot, kills all processes, and starts
 * them again, the worker with more slots.
 */
export async function measureRestart(
  { stage, signal, say }: Performance,
  rounds: number,
): Promise<Restart[]> {
  const restarts: Restart[] = [];
  for (let round = 0; round < rounds; round++) {
    say(`restart of all processes with ${QUEUED_JOBS} queued jobs: ${round + 1} of ${rounds}`);
    restarts.push(await stage.withInstallation(restart));
  }
  return restarts;

  async function restart(installation: Installation): Promise<Restart> {
    const { image, docker } = stage;
    const [{ url }] = await Promise.all([
      installation.startApi(),
      installation.startWorker({ WORKER_CONCURRENCY: '1' }),
    ]);
    const occupant = await submitRunning(url, docker, { image, args: ['sleep', '600'] });
    const ids: string[] = [];
    const submitMs = await closedLoop({ jobs: QUEUED_JOBS, clients: CLIENTS, signal }, async () =>
      ids.push(await submit(url, { image, args: ['true'] })),
    );
    say(`submitted in ${(submitMs / 1000).toFixed(1)} s; killing all`);
    await Promise.all([installation.redis.crash(), installation.killAll()]);

    const starts = await startedContainers(docker);
    try {
      const begunAt = Date.now();
      await installation.redis.restart();
      const redisMs = Date.now() - begunAt;
      const [api, worker] = await Promise.all([
        installation.startApi(),
        installation.startWorker(),
      ]);
      const firstAt = await starts.first(FIRST_RUN_WITHIN_MS);
      const lost = lostJobs(ids, await listJobs(api.url));
      if (lost.length > 0) say(`${lost.length} jobs are lost, such as ${lost[0]}`);
      const { state, attempts } = await findJob(api.url, occupant);
      if (state !== 'running' || attempts.length !== 1) throw new Error(`${occupant} is ${state}`);
      return {
        lost: lost.length,
        submitMs,
        redisMs,
        firstRunMs: firstAt - worker.ready.time,
        firstRunAfterAllMs: firstAt - begunAt,
      };
    } finally {
      starts.close();
    }
  }
}
