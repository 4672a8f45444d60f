import { JobQueue } from '@conjob/api/job-queue';
import { jobSpecSchema, keys, newJobId, Submissions } from '@conjob/shared';
import { closedLoop } from '../closed-loop.ts';
import type { PlainClient } from './plain-client.ts';
import { cpuMs, difference, type PerPart } from './process-costs.ts';
import { withRedis } from './redis-view.ts';
import { SIMULATED_IMAGE, submitPath } from './simulated-jobs.ts';
import type { Simulation } from './start-simulation.ts';

const DAY_SECONDS = 86_400;
/** Redis writes what comes together to the disk in one go. */
const AT_A_TIME = 256;
const BLOCK_MS = 1_000;

const { stdin: _, ...spec } = jobSpecSchema({
  maxTimeoutSeconds: DAY_SECONDS,
  maxKillTimeoutSeconds: 10,
  maxRetentionSeconds: DAY_SECONDS,
  defaultRetentionSeconds: DAY_SECONDS,
  defaultNetwork: 'none',
}).parse({ image: SIMULATED_IMAGE, args: ['true'], pull: 'never', remove: true });

/** Queues jobs as the API does, by the same ledger and queue but without HTTP, which would take ten times as long. */
export async function queueJobs(
  { redis: { url } }: Simulation,
  jobs: number,
  signal: AbortSignal,
): Promise<void> {
  return withRedis(url, async (redis) => {
    const ledger = new Submissions(redis);
    const queue = new JobQueue(redis, () => {});
    await closedLoop({ jobs, clients: AT_A_TIME, signal }, async () => {
      const id = newJobId();
      const job = { ...spec, stdinBytes: null };
      await ledger.accept({ id, spec: job });
      await queue.add(id, job);
      await ledger.queued(id);
    });
    await queue.close();
  });
}

export interface SteadyRun {
  readonly cpuMsPerJob: PerPart;
  readonly jobsPerSecond: number;
  /** Of submitting a job, not of running it: others come before it. */
  readonly latenciesMs: readonly number[];
}

/**
 * Submits a job whenever one has finished, and a few ahead: so the workers are busy, and as many jobs wait at the
 * end as at the beginning.
 */
export async function steadyRun(
  simulation: Simulation,
  client: PlainClient,
  { jobs, ahead, signal }: { jobs: number; ahead: number; signal: AbortSignal },
): Promise<SteadyRun> {
  return withRedis(simulation.redis.url, async (redis) => {
    const latenciesMs: number[] = [];
    let position = (await redis.xrevrange(keys.events, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0';
    const finished = async (): Promise<number> => {
      const reply = await redis.xread('BLOCK', BLOCK_MS, 'STREAMS', keys.events, position);
      const entries = reply?.[0]?.[1] ?? [];
      position = entries.at(-1)?.[0] ?? position;
      return entries.filter(([, fields]) => fields[3] === 'finished').length;
    };
    const submit = async (): Promise<void> => {
      const begin = performance.now();
      const { status, body } = await client.send('POST', submitPath());
      latenciesMs.push(performance.now() - begin);
      if (status !== 202) throw new Error(`a job was answered ${status}: ${body}`);
    };
    const before = cpuMs(simulation);
    const start = performance.now();
    const submitted = Array.from({ length: ahead }, submit);
    for (let done = 0; done < jobs; ) {
      signal.throwIfAborted();
      const more = await finished();
      done += more;
      for (let n = 0; n < more && submitted.length < jobs; n += 1) submitted.push(submit());
    }
    const ms = performance.now() - start;
    await Promise.all(submitted);
    return {
      cpuMsPerJob: difference(cpuMs(simulation), before, jobs),
      jobsPerSecond: (jobs * 1000) / ms,
      latenciesMs,
    };
  });
}
