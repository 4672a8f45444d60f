import { availableParallelism } from 'node:os';
import { machineCpuMs } from '../stage/processes.ts';
import { closedRun } from './closed-run.ts';
import { openRun } from './open-run.ts';
import type { PlainClient } from './plain-client.ts';
import { eachPart, type PerPart } from './process-costs.ts';
import {
  leftOver,
  noteStandStills,
  type StandStill,
  standStills,
  withRedis,
} from './redis-view.ts';
import { checkPrinted, isRefused, runPath } from './simulated-jobs.ts';
import type { Simulation } from './start-simulation.ts';
import { withSimulation } from './with-simulation.ts';

/** Of what it can do, as measured just before. */
const LOADS = [0.1, 0.3, 0.5, 0.7, 0.85, 1, 1.2] as const;
const CLIENTS = 128;
/** So much of all jobs goes into finding out what it can do. */
const CAPACITY_SHARE = 0.1;

export interface LoadPoint {
  readonly offeredPerSecond: number;
  readonly donePerSecond: number;
  readonly jobs: number;
  /** Answered 503, as more came than Redis took in: a caller is to send them again. */
  readonly refused: number;
  /** Of the jobs that were done, from the times at which their requests were to be sent. */
  readonly latenciesMs: readonly number[];
  /** How much of one core each part had. */
  readonly cores: PerPart;
  /** How much of all cores was in use, from 0 to 1, whoever used them. */
  readonly machineBusy: number;
}

export interface LoadSweep {
  readonly capacityPerSecond: number;
  readonly points: readonly LoadPoint[];
  /** Keys of jobs that had not ended when all had been answered. */
  readonly leftOver: readonly string[];
  /** Of Redis, the longest first. */
  readonly standStills: readonly StandStill[];
}

export interface SweepOptions {
  readonly workers: number;
  readonly processes: number;
  /** All together. */
  readonly jobs: number;
  readonly loads?: readonly number[];
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Jobs that come at random, more and more of them in a second, until it is more than can be done. */
export async function sweepLoads(options: SweepOptions): Promise<LoadSweep> {
  const { workers, processes, jobs, loads = LOADS, signal, say } = options;
  // Beyond saturation more and more clients wait: by default an API closes the connections of the ten thousand and first.
  const env = { WORKER_SANDBOX_POOL: 'off', MAX_CONNECTIONS: String(jobs) };
  return withSimulation({ workers, processes, slots: 1, env }, async (simulation, client) => {
    await withRedis(simulation.redis.url, noteStandStills);
    const capacityJobs = Math.round(jobs * CAPACITY_SHARE);
    const closed = { jobs: capacityJobs, clients: CLIENTS, signal };
    const { jobsPerSecond } = await closedRun(simulation, client, closed);
    say(`${workers} workers do ${jobsPerSecond.toFixed(0)} jobs/s for ${CLIENTS} clients`);
    const all = loads.reduce((sum, load) => sum + load, 0);
    const points: LoadPoint[] = [];
    for (const load of loads) {
      const share = Math.round(((jobs - capacityJobs) * load) / all);
      const point = await runAt(simulation, client, load * jobsPerSecond, share, signal);
      points.push(point);
      const { offeredPerSecond, donePerSecond } = point;
      say(`${offeredPerSecond.toFixed(0)} jobs/s asked for, ${donePerSecond.toFixed(0)} done`);
    }
    return withRedis(simulation.redis.url, async (redis) => ({
      capacityPerSecond: jobsPerSecond,
      points,
      leftOver: await leftOver(redis),
      standStills: await standStills(redis),
    }));
  });
}

async function runAt(
  simulation: Simulation,
  client: PlainClient,
  perSecond: number,
  jobs: number,
  signal: AbortSignal,
): Promise<LoadPoint> {
  const busyBefore = machineCpuMs();
  const word = (number: number) => `at-${Math.round(perSecond)}-${number}`;
  const path = (number: number) => runPath(word(number));
  const run = await openRun(simulation, client, { jobs, perSecond, seed: jobs, path, signal });
  const done = run.answers.filter(({ answer }) => !isRefused(answer));
  for (const { answer, number } of done) checkPrinted(answer, word(number));
  return {
    offeredPerSecond: perSecond,
    donePerSecond: (done.length * 1000) / run.ms,
    jobs,
    refused: jobs - done.length,
    latenciesMs: done.map(({ ms }) => ms),
    cores: eachPart((part) => run.cpuMs[part] / run.ms),
    machineBusy: (machineCpuMs() - busyBefore) / (run.ms * availableParallelism()),
  };
}
