import { setTimeout as sleep } from 'node:timers/promises';
import { closedLoop } from '../closed-loop.ts';
import { ask } from '../jobs/jobs-api.ts';
import type { Performance } from './scenario.ts';

export const SLOTS = 2;
const CLIENTS = 16;
const LOOK_MS = 20;
const WAIT_SECONDS = 300;

interface JobFacts {
  readonly id: string;
  readonly startedAt: string | null;
  readonly timings: { readonly queueMs: number | null };
}

export interface DelayCase {
  /** How many jobs somebody else has queued. */
  readonly queued: number;
  /** Whether the single job is of a group of its own. */
  readonly isApart: boolean;
}

/** How long a single job waits for its start behind those of somebody else, in milliseconds. */
export function measureDelay(
  { stage, signal }: Performance,
  { queued, isApart }: DelayCase,
): Promise<number> {
  return stage.withInstallation(async (installation) => {
    const { url } = await installation.startApi();
    const submit = async (group: string) => {
      const query = new URLSearchParams({
        image: stage.image,
        pull: 'never',
        remove: 'true',
        group,
      });
      const job = await ask(`${url}/jobs?${query}&arg=true`, 202, { method: 'POST' });
      return (job as JobFacts).id;
    };
    const first = await submit('many');
    const others = { jobs: queued - 1, clients: CLIENTS, signal };
    await closedLoop(others, () => submit('many'));
    await installation.startWorker({ WORKER_CONCURRENCY: String(SLOTS) });
    const find = (id: string, wait = 0) =>
      ask(`${url}/jobs/${id}?wait=${wait}`, 200, { signal }) as Promise<JobFacts>;
    while ((await find(first)).startedAt === null) await sleep(LOOK_MS, undefined, { signal });
    const { timings } = await find(await submit(isApart ? 'single' : 'many'), WAIT_SECONDS);
    if (timings.queueMs === null) throw new Error('the single job has not run in time');
    return timings.queueMs;
  });
}
