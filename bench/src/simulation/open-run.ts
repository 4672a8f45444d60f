import { setTimeout as sleep } from 'node:timers/promises';
import type { PlainAnswer, PlainClient } from './plain-client.ts';
import { poissonArrivals } from './poisson.ts';
import { cpuMs, difference, type PerPart } from './process-costs.ts';
import type { Simulation } from './start-simulation.ts';

interface OpenAnswer {
  readonly answer: PlainAnswer;
  /** Which request, from 1. */
  readonly number: number;
  /** From the time at which it was to be sent, however late the client was: what a caller would have seen. */
  readonly ms: number;
}

export interface OpenRun {
  readonly answers: readonly OpenAnswer[];
  /** From the first arrival that was to be until the last answer. */
  readonly ms: number;
  readonly cpuMs: PerPart;
}

export interface OpenLoad {
  readonly jobs: number;
  readonly perSecond: number;
  readonly seed: number;
  readonly path: (number: number) => string;
  readonly signal: AbortSignal;
}

/** Requests that come when they come, whether or not others have been answered. Waits for all answers. */
export async function openRun(
  simulation: Simulation,
  client: PlainClient,
  { jobs, perSecond, seed, path, signal }: OpenLoad,
): Promise<OpenRun> {
  const arrivals = poissonArrivals(jobs, perSecond, seed);
  const before = cpuMs(simulation);
  const start = performance.now();
  const answers: OpenAnswer[] = [];
  const failures: unknown[] = [];
  const pending = new Set<Promise<void>>();
  for (let next = 0; next < jobs; ) {
    signal.throwIfAborted();
    if (failures.length > 0) break;
    for (; next < jobs && start + (arrivals[next] ?? 0) <= performance.now(); next += 1) {
      const dueAt = start + (arrivals[next] ?? 0);
      const number = next + 1;
      const request = client
        .send('POST', path(number))
        .then((answer) => void answers.push({ answer, number, ms: performance.now() - dueAt }))
        .catch((error: unknown) => void failures.push(error))
        .finally(() => pending.delete(request));
      pending.add(request);
    }
    await sleep(1);
  }
  await Promise.all(pending);
  if (failures.length > 0) throw failures[0];
  return {
    answers,
    ms: performance.now() - start,
    cpuMs: difference(cpuMs(simulation), before),
  };
}
