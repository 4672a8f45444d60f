import { interleave } from '../interleave.ts';
import { type DockerCli, findDockerCli } from '../jobs/docker-cli.ts';
import { cancel, submitRunning, untilFinished } from '../jobs/jobs-api.ts';
import { likeConJob } from '../jobs/like-conjob.ts';
import { calm } from '../stage/calm.ts';
import type { Performance } from './scenario.ts';

const CALM_WITHIN_MS = 3_000;
/** As PID 1 it has no handler for SIGTERM, and the kernel sends it no other. */
const COMMAND = ['sleep', '600'];

export const GRACE_SECONDS = 2;

/** Times in ms, from the request until it had stopped; `docker` is empty without a `docker` on PATH. */
export type Stops = Record<'conJob' | 'docker', number[]>;

/** Ends containers that do not heed the stop signal, by a cancel and by `docker stop`, in turns. */
export async function measureCancel({ stage, rounds, signal, say }: Performance): Promise<Stops> {
  say(`cancel of a running sleep: ${rounds} rounds of 2 stops`);
  const { docker, image } = stage;
  const cli = await findDockerCli(stage.engineSocket);
  return stage.withInstallation(async (installation) => {
    const [{ url }] = await Promise.all([installation.startApi(), installation.startWorker()]);
    const template = await likeConJob(docker, url, image);
    const conJob = async (): Promise<number> => {
      const job = { image, args: COMMAND, killTimeoutSeconds: GRACE_SECONDS };
      const id = await submitRunning(url, docker, job);
      await calm(CALM_WITHIN_MS);
      const ended = untilFinished(url, id, signal);
      const start = performance.now();
      await Promise.all([cancel(url, id), ended]);
      const ms = performance.now() - start;
      const { conclusion } = await ended;
      if (conclusion !== 'CANCELLED') throw new Error(`the cancelled job ended as ${conclusion}`);
      return ms;
    };
    const stops = await interleave<'conJob' | 'docker', number>(
      rounds,
      { conJob, docker: () => (cli ? stopByDocker(cli) : Promise.resolve(Number.NaN)) },
      signal,
    );
    return cli ? stops : { ...stops, docker: [] };

    async function stopByDocker({ stop }: DockerCli): Promise<number> {
      const container = await docker.createContainer(template(COMMAND));
      try {
        await container.start();
        await calm(CALM_WITHIN_MS);
        const start = performance.now();
        await stop(container.id, GRACE_SECONDS);
        return performance.now() - start;
      } finally {
        await container.remove({ force: true, v: true });
      }
    }
  });
}
