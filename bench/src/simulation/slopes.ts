import { setTimeout as sleep } from 'node:timers/promises';
import { closedLoop } from '../closed-loop.ts';
import { queueJobs, steadyRun } from './backlog.ts';
import { closedRun } from './closed-run.ts';
import { type HeldRequests, holdRequests } from './held-requests.ts';
import { PlainClient } from './plain-client.ts';
import { cpuMs, difference, eachPart, type PerPart } from './process-costs.ts';
import { acceptedInTurn, memoryGrowth } from './redis-view.ts';
import { submitPath, UNFIT_JOB } from './simulated-jobs.ts';
import type { Simulation } from './start-simulation.ts';
import { withSimulation } from './with-simulation.ts';

/** What a job costs while there is so much of something. */
export interface SlopePoint {
  readonly size: number;
  readonly cpuMsPerJob: PerPart;
  readonly jobsPerSecond: number;
  readonly latenciesMs: readonly number[];
  /** Of Redis, for all of them. */
  readonly redisBytes: number;
  /** Of CPU, while there is nothing to do. */
  readonly idleMsPerSecond?: number;
}

export interface SlopeRun {
  readonly jobs: number;
  /** At least so many come first that do not count: the first job of each worker costs more. Default 0. */
  readonly warmUpJobs?: number;
  readonly signal: AbortSignal;
}

const CLIENTS = 32;
const SLOTS = 32;
const WAIT_SECONDS = 600;
/** As long as the longest period of a worker that has nothing to do. */
const IDLE_MS = 10_000;
/** There is nothing to hold in memory. */
const NO_POOL = { WORKER_SANDBOX_POOL: 'off' };
const SLEEPING = ['sleep', '3000'];
/** Of each of two workers: all that are followed run, and there is room for more. */
const SLOTS_TO_FOLLOW = 600;

/** Jobs that wait for the same workers. The latency is that of submitting one more. */
export function besideQueued(size: number, { jobs, signal }: SlopeRun): Promise<SlopePoint> {
  const ahead = 2 * SLOTS;
  const env = { JOB_LIMIT_QUEUED: '1000000' };
  return withSimulation(
    { workers: 1, slots: SLOTS, env, isIdle: true },
    async (simulation, client) => {
      // Those that are submitted ahead are queued too, and a million is all that a queue takes.
      const redisBytes = await memoryGrowth(simulation.redis.url, () =>
        queueJobs(simulation, Math.max(1, size - ahead), signal),
      );
      await simulation.startWorkers();
      const run = { ahead, signal };
      await steadyRun(simulation, client, { ...run, jobs: Math.floor(jobs / 4) });
      return { size, redisBytes, ...(await steadyRun(simulation, client, { ...run, jobs })) };
    },
  );
}

/**
 * Workers of one slot, that look for jobs. With more, one worker alone would send what its jobs have to say in
 * batches, which many can't. What they cost when there is no job is told apart, and is no part of a job.
 */
export function besideWorkers(size: number, run: SlopeRun): Promise<SlopePoint> {
  const options = { workers: size, slots: 1, env: NO_POOL, isIdle: true };
  return withSimulation(options, async (simulation, client) => {
    const redisBytes = await memoryGrowth(simulation.redis.url, () => simulation.startWorkers());
    const measured = await warmRun(simulation, client, { ...run, warmUpJobs: 2 * size });
    const before = cpuMs(simulation);
    await sleep(IDLE_MS, undefined, { signal: run.signal });
    const idlePerMs = difference(cpuMs(simulation), before, IDLE_MS);
    const msPerJob = 1000 / measured.jobsPerSecond;
    const cpuMsPerJob = eachPart((part) =>
      Math.max(0, measured.cpuMsPerJob[part] - idlePerMs[part] * msPerJob),
    );
    const idleMsPerSecond = 1000 * (idlePerMs.api + idlePerMs.workers + idlePerMs.redis);
    return { ...measured, size, redisBytes, cpuMsPerJob, idleMsPerSecond };
  });
}

/** Clients that wait for jobs which do not come to their turn. */
export function besideWaiting(size: number, run: SlopeRun): Promise<SlopePoint> {
  // By default an API takes no more connections than so many wait.
  const env = { ...NO_POOL, MAX_CONNECTIONS: String(size + CLIENTS) };
  const options = { workers: 1, slots: SLOTS, env };
  return withSimulation(options, async (simulation, client) => {
    const waiting = new PlainClient(simulation.url);
    try {
      const wait = { json: UNFIT_JOB, waitSeconds: WAIT_SECONDS };
      // They are not answered before they are let go of.
      const send = () => void waiting.send('POST', '/jobs', wait).catch(() => {});
      const redisBytes = await memoryGrowth(simulation.redis.url, () =>
        acceptedInTurn(simulation, size, send, run.signal),
      );
      return { size, redisBytes, ...(await warmRun(simulation, client, run)) };
    } finally {
      await waiting.close();
    }
  });
}

/** Clients that each follow a running job of their own; the jobs that are measured are followed too. */
export function besideFollowers(size: number, run: SlopeRun): Promise<SlopePoint> {
  const options = { workers: 2, slots: SLOTS_TO_FOLLOW, env: NO_POOL };
  return withSimulation(options, async (simulation, client) => {
    const paths: string[] = [];
    let followers: HeldRequests | undefined;
    try {
      const redisBytes = await memoryGrowth(simulation.redis.url, async () => {
        await closedLoop({ jobs: size, clients: CLIENTS, signal: run.signal }, async () => {
          const { body } = await client.send('POST', submitPath(...SLEEPING));
          paths.push(`/jobs/${(JSON.parse(body) as { id: string }).id}/events`);
        });
        followers = await holdRequests(simulation.url, paths);
      });
      return { size, redisBytes, ...(await warmRun(simulation, client, run, true)) };
    } finally {
      await followers?.close();
    }
  });
}

async function warmRun(
  simulation: Simulation,
  client: PlainClient,
  { jobs, warmUpJobs = 0, signal }: SlopeRun,
  isFollowed = false,
): Promise<Omit<SlopePoint, 'size' | 'redisBytes'>> {
  const run = { clients: CLIENTS, isFollowed, signal };
  await closedRun(simulation, client, { ...run, jobs: Math.max(warmUpJobs, Math.floor(jobs / 4)) });
  return closedRun(simulation, client, { ...run, jobs });
}
