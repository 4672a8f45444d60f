import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';

export interface Answer {
  readonly id: string;
  readonly text: string;
  /** From the request until the whole answer was there. */
  readonly ms: number;
  /** What ConJob says of its parts, in ms: queue, pull, create, run. */
  readonly parts: Readonly<Record<string, number>>;
}

export type Network = 'none' | 'bridge';

interface Job {
  readonly image: string;
  readonly args: readonly string[];
  readonly remove?: boolean;
  readonly network?: Network;
}

/** Runs a command in ConJob, one request that is answered with what the job printed. */
export async function runInConJob(url: string, job: Job): Promise<Answer> {
  const start = performance.now();
  const response = await fetch(jobUrl(url, job), { method: 'POST' });
  const text = await response.text();
  const ms = performance.now() - start;
  if (response.status !== 200) throw new Error(`the job was answered ${response.status}: ${text}`);
  return {
    id: response.headers.get('conjob-job-id') ?? '',
    text,
    ms,
    parts: serverTiming(response.headers.get('server-timing') ?? ''),
  };
}

export function jobUrl(url: string, { image, args, remove = true, network = 'none' }: Job): string {
  const query = new URLSearchParams({ image, network, pull: 'never', remove: String(remove) });
  for (const arg of args) query.append('arg', arg);
  return `${url}/job/run?${query}`;
}

function serverTiming(header: string): Record<string, number> {
  return Object.fromEntries(
    [...header.matchAll(/(\w+);dur=([\d.]+)/g)].map(([, name = '', ms]) => [name, Number(ms)]),
  );
}

/** The name of the container of a job's first attempt. */
export function containerOf(jobId: string): string {
  return `conjob-${jobId}-1`;
}

const GONE_WITHIN_MS = 10_000;

/** Waits until a container is removed; returns the time it took in ms. */
export async function untilGone(docker: Docker, name: string): Promise<number> {
  const start = performance.now();
  while (await exists(docker, name)) {
    if (performance.now() - start > GONE_WITHIN_MS) throw new Error(`${name} was not removed`);
    await sleep(1);
  }
  return performance.now() - start;
}

async function exists(docker: Docker, name: string): Promise<boolean> {
  try {
    await docker.getContainer(name).inspect();
    return true;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}
