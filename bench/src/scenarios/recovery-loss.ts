import { setTimeout as sleep } from 'node:timers/promises';
import { listContainers } from '@conjob/testkit';
import { submitRunning, untilFinished } from '../jobs/jobs-api.ts';
import type { Performance } from './scenario.ts';

export const LOST_JOBS = 4;
/** How often a worker with the default lease renews it: a kill may come at any time in between. */
const RENEWAL_MS = 5_000;
const LOOK_MS = 20;

export interface Loss {
  /** Of each job, from the kill until a waiting client had its end. */
  readonly terminalMs: readonly number[];
  /** Until none of their containers ran any more. */
  readonly containersMs: number;
}

/** Kills a worker that runs some jobs, and does not start it again until they have ended. */
export async function measureLoss(
  { stage, signal, say }: Performance,
  rounds: number,
): Promise<Loss[]> {
  say(`a killed worker that stays away: ${rounds} rounds of ${LOST_JOBS} jobs`);
  return stage.withInstallation(async (installation) => {
    const { url } = await installation.startApi();
    const losses: Loss[] = [];
    for (let round = 0; round < rounds; round++) {
      signal.throwIfAborted();
      const worker = await installation.startWorker({ WORKER_CONCURRENCY: String(LOST_JOBS) });
      const job = { image: stage.image, args: ['sleep', '600'] };
      const starting = Array.from({ length: LOST_JOBS }, () =>
        submitRunning(url, stage.docker, job),
      );
      const ids = await Promise.all(starting);
      await sleep((RENEWAL_MS * round) / rounds);
      const start = performance.now();
      const ended = ids.map(async (id) => {
        const { error } = await untilFinished(url, id, signal);
        if (error?.code !== 'worker.lost') throw new Error(`${id} ended with ${error?.code}`);
        return performance.now() - start;
      });
      await worker.kill();
      const [containersMs, ...terminalMs] = await Promise.all([
        untilNoneRuns(stage.engineSocket, signal).then(() => performance.now() - start),
        ...ended,
      ]);
      losses.push({ terminalMs, containersMs });
    }
    return losses;
  });
}

async function untilNoneRuns(socketPath: string, signal: AbortSignal): Promise<void> {
  const isRunning = ({ state }: { state: string }) => state === 'running';
  while ((await listContainers({ socketPath })).some(isRunning)) {
    await sleep(LOOK_MS, undefined, { signal });
  }
}
