import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { containerOf } from './conjob-job.ts';

/** What is read here of a job as the API shows it. */
export interface JobView {
  readonly id: string;
  readonly state: 'queued' | 'running' | 'finished';
  readonly phase: string | null;
  readonly conclusion: string | null;
  readonly error: { readonly code: string } | null;
  readonly attempts: readonly { readonly number: number }[];
}

export interface NewJob {
  readonly image: string;
  readonly args: readonly string[];
  readonly killTimeoutSeconds?: number;
}

const WAIT_SECONDS = 60;
const RUNNING_WITHIN_MS = 30_000;
const LOOK_MS = 20;
const PAGE = 100;

/** Submits a job; returns its id. */
export async function submit(url: string, job: NewJob): Promise<string> {
  const { id } = (await ask(`${url}/jobs`, 202, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ pull: 'never', remove: true, ...job }),
  })) as JobView;
  return id;
}

export const findJob = (url: string, id: string) =>
  ask(`${url}/jobs/${id}`, 200) as Promise<JobView>;

/** Submits a job, and waits until the engine says that its container runs. */
export async function submitRunning(url: string, docker: Docker, job: NewJob): Promise<string> {
  const id = await submit(url, job);
  const deadline = performance.now() + RUNNING_WITHIN_MS;
  while (!(await isRunning(docker, containerOf(id)))) {
    if (performance.now() > deadline) throw new Error(`job ${id} does not run`);
    await sleep(LOOK_MS);
  }
  return id;
}

async function isRunning(docker: Docker, container: string): Promise<boolean> {
  const filters = JSON.stringify({ name: [container], status: ['running'] });
  return (await docker.listContainers({ filters })).length > 0;
}

/** Waits for the end of a job as a client does, with one request, and again while it is not over. */
export async function untilFinished(
  url: string,
  id: string,
  signal: AbortSignal,
): Promise<JobView> {
  for (;;) {
    const job = await ask(`${url}/jobs/${id}?wait=${WAIT_SECONDS}`, 200, { signal });
    if ((job as JobView).state === 'finished') return job as JobView;
  }
}

export async function cancel(url: string, id: string): Promise<void> {
  await ask(`${url}/jobs/${id}/cancel`, 202, { method: 'POST' });
}

/** All jobs that the API knows, page by page. */
export async function listJobs(url: string): Promise<JobView[]> {
  const jobs: JobView[] = [];
  let next: string | undefined = `/jobs?limit=${PAGE}`;
  while (next !== undefined) {
    const response: Response = await fetch(`${url}${next}`);
    if (response.status !== 200) throw new Error(`the list was answered ${response.status}`);
    jobs.push(...((await response.json()) as { jobs: JobView[] }).jobs);
    next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
  }
  return jobs;
}

/** One request, its answer as JSON. Throws when it is not answered as expected. */
export async function ask(url: string, status: number, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(url, init);
  if (response.status === status) return response.json();
  throw new Error(`${url} was answered ${response.status}: ${await response.text()}`);
}
