import { interleave } from '../interleave.ts';
import { cancel, findJob, submitRunning, untilFinished } from '../jobs/jobs-api.ts';
import type { AppProcess } from '../stage/app-process.ts';
import { calm } from '../stage/calm.ts';
import { NODE_HAS_STARTED } from '../stage/installation.ts';
import type { Performance } from './scenario.ts';

const CALM_WITHIN_MS = 3_000;

/** Of the start of a worker, counted from just before its process was started. */
export interface Start {
  /** Until Node began to read the app's code. */
  readonly nodeMs: number;
  readonly readyMs: number;
}

export interface Adoption extends Start {
  /** Until it had taken over the job whose container ran on. */
  readonly adoptedMs: number;
}

/** Kills a worker and starts it again, by turns with nothing and with a job running. */
export async function measureAdoption({ stage, rounds, signal, say }: Performance) {
  say(`a killed worker's next process: ${rounds} rounds of 2 starts`);
  return stage.withInstallation(async (installation) => {
    const { url } = await installation.startApi();
    let worker = await installation.startWorker();
    const startAgain = async (): Promise<AppProcess> => {
      await calm(CALM_WITHIN_MS);
      await worker.kill();
      worker = await installation.startWorker();
      return worker;
    };
    const adopt = async (): Promise<Adoption> => {
      const job = { image: stage.image, args: ['sleep', '600'], killTimeoutSeconds: 0 };
      const id = await submitRunning(url, stage.docker, job);
      const next = await startAgain();
      const adopted = await next.says('adopted a running job');
      if (adopted['job'] !== id) throw new Error(`${adopted['job']} was adopted, not ${id}`);
      await cancel(url, id);
      const { conclusion, attempts } = await untilFinished(url, id, signal);
      if (conclusion !== 'CANCELLED' || attempts.length !== 1) {
        throw new Error(`job ${id} was not adopted: ${JSON.stringify(await findJob(url, id))}`);
      }
      return { ...(await startOf(next)), adoptedMs: adopted.time - next.spawnedAt };
    };
    return interleave<'plain' | 'adopting', Start | Adoption>(
      rounds,
      { plain: async () => startOf(await startAgain()), adopting: adopt },
      signal,
    ) as Promise<{ plain: Start[]; adopting: Adoption[] }>;
  });
}

async function startOf(worker: AppProcess): Promise<Start> {
  const node = await worker.says(NODE_HAS_STARTED);
  return {
    nodeMs: node.time - worker.spawnedAt,
    readyMs: worker.ready.time - worker.spawnedAt,
  };
}
