import { type Memory, PARTS, PROCESSES, type Spent } from '../stage/spent.ts';
import { summarize } from './statistics.ts';
import { figure, table } from './table.ts';

export interface CostRow {
  readonly name: string;
  readonly jobsPerSecond: number;
  /** Of all jobs. */
  readonly latenciesMs: readonly number[];
  /** CPU time in ms. */
  readonly spentPerJob: Spent;
  /** Where the processes are ConJob's. */
  readonly memory?: Memory | undefined;
}

const MIB = 1024 * 1024;

/** What jobs cost in each way: time of the answers, CPU time by process, memory. */
export function costsTable(rows: readonly CostRow[]): string {
  return table(
    [
      'way',
      'jobs/s',
      ...['p50', 'p95', 'p99', 'max'].map((share) => `${share} ms`),
      ...['API', 'worker', 'Redis', 'client', 'engine and rest'].map((part) => `CPU ms ${part}`),
      ...['API', 'worker', 'Redis'].map((part) => `MiB ${part}`),
    ],
    rows.map(({ name, jobsPerSecond, latenciesMs, spentPerJob, memory }) => {
      const { p50, p95, p99, max } = summarize(latenciesMs);
      return [
        name,
        figure(jobsPerSecond, 2),
        ...[p50, p95, p99, max].map((ms) => figure(ms)),
        ...PARTS.map((part) => figure(spentPerJob[part])),
        ...PROCESSES.map((part) => (memory === undefined ? '' : figure(memory[part] / MIB, 0))),
      ];
    }),
  );
}
