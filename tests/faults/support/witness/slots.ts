import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiPart, Cluster } from '../cluster/cluster.ts';

interface WorkerList {
  readonly workers: readonly {
    readonly running: number;
    readonly state: string;
    readonly heartbeatAt: string;
  }[];
}

const POLL_MS = 250;

/**
 * How many jobs the workers say that they run, by heartbeats of after now, once they had their time to
 * say 0; null when no API tells, or a worker is silent. One that is lost runs nothing.
 */
export async function runningAtRest(
  { apis: [api], workers }: Cluster,
  restMs: number,
): Promise<number | null> {
  const from = Date.now();
  for (;;) {
    const running = await ask(api, workers.length, from).catch(() => null);
    if (running === 0 || Date.now() > from + restMs) return running;
    await sleep(POLL_MS);
  }
}

async function ask({ url }: ApiPart, atLeast: number, from: number): Promise<number | null> {
  const response = await fetch(`${url}/workers`);
  const { workers } = (await response.json()) as WorkerList;
  if (workers.length < atLeast) return null;
  const alive = workers.filter(({ state }) => state !== 'lost');
  if (alive.some(({ heartbeatAt }) => Date.parse(heartbeatAt) < from)) return null;
  return alive.reduce((sum, { running }) => sum + running, 0);
}
