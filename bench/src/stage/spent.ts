import type { ConJob } from './conjob.ts';
import { machineCpuMs, processCpuMs, residentBytes } from './processes.ts';
import type { Stage } from './stage.ts';

/** `rest`: all of the machine but the others, so mostly the engine, its containers and the kernel. */
export const PARTS = ['api', 'worker', 'redis', 'client', 'rest'] as const;
export type Part = (typeof PARTS)[number];
/** CPU time in ms. */
export type Spent = Readonly<Record<Part, number>>;

export const PROCESSES = ['api', 'worker', 'redis'] as const;
/** Bytes that each process holds. */
export type Memory = Readonly<Record<(typeof PROCESSES)[number], number>>;

type Pids = Pick<ConJob, 'apiPid' | 'workerPid'>;

/** How much CPU time each part takes while `run` runs. The client is this process. */
export async function spending<T>(
  stage: Pick<Stage, 'redisPid'>,
  conJob: Pids,
  run: () => Promise<T>,
): Promise<{ readonly result: T; readonly spent: Spent }> {
  const before = spentSoFar(stage, conJob);
  const result = await run();
  const after = spentSoFar(stage, conJob);
  return { result, spent: eachPart((part) => after[part] - before[part]) };
}

export function memoryOf({ redisPid }: Pick<Stage, 'redisPid'>, conJob: Pids): Memory {
  return {
    api: residentBytes(conJob.apiPid),
    worker: residentBytes(conJob.workerPid),
    redis: residentBytes(redisPid),
  };
}

export function eachPart(value: (part: Part) => number): Spent {
  return Object.fromEntries(PARTS.map((part) => [part, value(part)])) as Record<Part, number>;
}

function spentSoFar({ redisPid }: Pick<Stage, 'redisPid'>, { apiPid, workerPid }: Pids): Spent {
  const { user, system } = process.cpuUsage();
  const named = {
    api: processCpuMs(apiPid),
    worker: processCpuMs(workerPid),
    redis: processCpuMs(redisPid),
    client: (user + system) / 1000,
  };
  const sum = Object.values(named).reduce((total, ms) => total + ms, 0);
  return { ...named, rest: machineCpuMs() - sum };
}
