import { peakMemoryBytes, processCpuMs } from '../stage/processes.ts';
import type { Simulation } from './start-simulation.ts';

/** Who works for a job; `client` is the benchmark itself. */
export const PARTS = ['api', 'workers', 'redis', 'client'] as const;
export type Part = (typeof PARTS)[number];
export type PerPart = Readonly<Record<Part, number>>;

/** CPU time of each so far, in ms. */
export function cpuMs(simulation: Simulation): PerPart {
  return sumEach(simulation, processCpuMs);
}

/** The most memory that each ever held. */
export function peakBytes(simulation: Simulation): PerPart {
  return sumEach(simulation, peakMemoryBytes);
}

export function difference(later: PerPart, earlier: PerPart, divisor = 1): PerPart {
  return eachPart((part) => (later[part] - earlier[part]) / divisor);
}

export function eachPart(of: (part: Part) => number): PerPart {
  return Object.fromEntries(PARTS.map((part) => [part, of(part)])) as PerPart;
}

function sumEach({ api, workers, redis }: Simulation, of: (pid: number) => number): PerPart {
  return {
    api: of(api.pid),
    workers: workers.reduce((sum, { pid }) => sum + of(pid), 0),
    redis: of(redis.pid),
    client: of(process.pid),
  };
}
