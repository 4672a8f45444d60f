import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { closedLoop } from '../closed-loop.ts';
import type { Performance } from '../scenarios/scenario.ts';
import { runBare } from './bare-job.ts';
import { type Network, runInConJob } from './conjob-job.ts';
import { textOf } from './frames.ts';
import type { Template } from './like-conjob.ts';

export interface LoadRun {
  /** Until all answers were there, and all containers removed. */
  readonly ms: number;
  /** Of each job, until its answer. */
  readonly latenciesMs: readonly number[];
}

/** Runs that many `echo` jobs in one way. */
export type Load = (jobs: number) => Promise<LoadRun>;

export interface LoadOptions {
  readonly url: string;
  readonly template: Template;
  readonly slots: number;
  /** Of ConJob's jobs; of the others it is in the template. Default `none`. */
  readonly network?: Network;
}

const REMOVED_WITHIN_MS = 10_000;

/** The same jobs through ConJob and without it, `slots` containers at a time. */
export function loads(
  { stage: { docker, image }, signal }: Pick<Performance, 'stage' | 'signal'>,
  { url, template, slots, network = 'none' }: LoadOptions,
): Record<'conJob' | 'bare', Load> {
  const word = 'throughput';
  const check = (text: string): void => {
    if (text !== `${word}\n`) throw new Error(`echo printed ${JSON.stringify(text)}`);
  };
  return {
    // As many jobs wait as run: a slot that is free finds the next job in the queue.
    conJob: async (jobs) => {
      const latenciesMs: number[] = [];
      const ms = await closedLoop({ jobs, clients: 2 * slots, signal }, async () => {
        const answer = await runInConJob(url, { image, network, args: ['echo', word] });
        check(answer.text);
        latenciesMs.push(answer.ms);
      });
      return { ms: ms + (await untilAllRemoved(docker)), latenciesMs };
    },
    bare: async (jobs) => {
      const latenciesMs: number[] = [];
      const ms = await closedLoop({ jobs, clients: slots, signal }, async () => {
        const sink = async (output: AsyncIterable<Buffer>) => check(await textOf(output));
        latenciesMs.push((await runBare(docker, template(['echo', word]), sink)).knownMs);
      });
      return { ms, latenciesMs };
    },
  };
}

/** ConJob answers before it removes the container; a rate must not profit from that. */
async function untilAllRemoved(docker: Docker): Promise<number> {
  const start = performance.now();
  while ((await docker.listContainers({ all: true })).some(isOfJob)) {
    if (performance.now() - start > REMOVED_WITHIN_MS) throw new Error('containers were left');
    await sleep(2);
  }
  return performance.now() - start;
}

/** And not one that a worker keeps for the jobs to come. */
function isOfJob({ Labels }: Docker.ContainerInfo): boolean {
  return Labels['conjob.helper-of'] === undefined;
}
