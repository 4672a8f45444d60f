import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiPart, Cluster } from '../cluster/cluster.ts';

interface WorkerList {
  readonly workers: readonly { readonly running: number }[];
}

/** A worker tells how much it does with its next heartbeat. */
const REST_MS = 15_000;
const POLL_MS = 250;

/**
 * How many jobs the workers still say that they run, once there was time to say otherwise; null
 * when no API tells.
 */
export async function runningAtRest({ apis: [api] }: Cluster): Promise<number | null> {
  const deadline = Date.now() + REST_MS;
  for (;;) {
    const running = await ask(api).catch(() => null);
    if (running === 0 || Date.now() > deadline) return running;
    await sleep(POLL_MS);
  }
}

async function ask({ url }: ApiPart): Promise<number> {
  const response = await fetch(`${url}/workers`);
  if (response.status === 404) return 0;
  const { workers } = (await response.json()) as WorkerList;
  return workers.reduce((sum, { running }) => sum + running, 0);
}
