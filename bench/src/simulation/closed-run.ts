import { closedLoop } from '../closed-loop.ts';
import type { PlainClient } from './plain-client.ts';
import { cpuMs, difference, type PerPart } from './process-costs.ts';
import { checkPrinted, runPath } from './simulated-jobs.ts';
import type { Simulation } from './start-simulation.ts';

export interface ClosedRun {
  readonly jobs: number;
  readonly jobsPerSecond: number;
  /** From each request to its answer. */
  readonly latenciesMs: readonly number[];
  readonly cpuMsPerJob: PerPart;
}

export interface ClosedLoad {
  readonly jobs: number;
  readonly clients: number;
  /** Each client follows its job as it runs, which prints nothing then. */
  readonly isFollowed?: boolean;
  readonly signal: AbortSignal;
}

/** Jobs as fast as so many clients get their answers; each answer is checked. */
export async function closedRun(
  simulation: Simulation,
  client: PlainClient,
  { jobs, clients, isFollowed = false, signal }: ClosedLoad,
): Promise<ClosedRun> {
  const latenciesMs: number[] = [];
  let number = 0;
  const before = cpuMs(simulation);
  const ms = await closedLoop({ jobs, clients, signal }, async () => {
    number += 1;
    const word = isFollowed ? undefined : `job-${number}`;
    const path = isFollowed ? `${runPath()}&stream=true` : runPath(word);
    const begin = performance.now();
    const answer = await client.send('POST', path);
    latenciesMs.push(performance.now() - begin);
    checkPrinted(answer, word);
  });
  return {
    jobs,
    jobsPerSecond: (jobs * 1000) / ms,
    latenciesMs,
    cpuMsPerJob: difference(cpuMs(simulation), before, jobs),
  };
}
