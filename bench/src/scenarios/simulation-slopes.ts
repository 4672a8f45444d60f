import { median, quantile } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import {
  besideFollowers,
  besideQueued,
  besideWaiting,
  besideWorkers,
  type SlopePoint,
  type SlopeRun,
} from '../simulation/slopes.ts';
import type { Performance } from './scenario.ts';

const JOBS = 3_000;
const QUICK_JOBS = 400;
const MIB = 1024 * 1024;
/** In the quick form no more than these. */
const QUICK_SIZE = 100;

const DIMENSIONS = [
  { name: 'queued jobs', sizes: [1, 1_000, 100_000, 1_000_000], measure: besideQueued },
  { name: 'workers', sizes: [1, 10, 100, 1_000], measure: besideWorkers },
  { name: 'waiting clients', sizes: [1, 100, 10_000], measure: besideWaiting },
  { name: 'followers', sizes: [1, 100, 1_000], measure: besideFollowers },
] as const satisfies readonly {
  name: string;
  sizes: readonly number[];
  measure: (size: number, run: SlopeRun) => Promise<SlopePoint>;
}[];

interface CostPoint extends SlopePoint {
  /** CPU of API, workers and Redis. */
  readonly costMs: number;
}

export interface Slope {
  readonly name: string;
  readonly points: readonly CostPoint[];
}

export async function measureSlopes({ quick, signal, say }: Performance): Promise<Slope[]> {
  const slopes: Slope[] = [];
  const jobs = quick ? QUICK_JOBS : JOBS;
  for (const { name, sizes, measure } of DIMENSIONS) {
    const points: CostPoint[] = [];
    for (const size of sizes) {
      if (quick && size > QUICK_SIZE) continue;
      signal.throwIfAborted();
      const point = await measure(size, { jobs, signal });
      const { api, workers, redis } = point.cpuMsPerJob;
      points.push({ ...point, costMs: api + workers + redis });
      say(`beside ${size} ${name}: ${figure(points.at(-1)?.costMs ?? 0, 2)} ms of CPU per job`);
    }
    slopes.push({ name, points });
  }
  return slopes;
}

export function slopeTable(slopes: readonly Slope[]): string {
  const rows = slopes.flatMap(({ name, points }) =>
    points.map((point, index) => [
      index === 0 ? name : '',
      String(point.size),
      ...[point.costMs, ...Object.values(point.cpuMsPerJob).slice(0, 3)].map((ms) => figure(ms, 2)),
      figure(median(point.latenciesMs)),
      figure(quantile(point.latenciesMs, 0.99)),
      index === points.length - 1 ? `${figure(slope(points), 3)} ms` : '',
      figure(point.redisBytes / MIB),
      point.size === 1 ? '' : figure(point.redisBytes / point.size, 0),
      point.idleMsPerSecond === undefined ? '' : figure(point.idleMsPerSecond, 0),
    ]),
  );
  const header = ['beside', 'how many', 'CPU ms per job', 'API', 'workers', 'Redis'];
  return table(
    [
      ...header,
      'p50 ms',
      'p99 ms',
      'slope per 1,000',
      'MiB in Redis',
      'bytes each',
      'CPU ms per second, idle',
    ],
    rows,
  );
}

/** Between the smallest and the largest. */
function slope(points: readonly CostPoint[]): number {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || last.size === first.size) return 0;
  return ((last.costMs - first.costMs) / (last.size - first.size)) * 1000;
}
