import { lineChart } from '../report/line-chart.ts';
import { quantile } from '../report/statistics.ts';
import { type LoadSweep, sweepLoads } from '../simulation/load-sweep.ts';
import type { Performance, Results, Scenario } from './scenario.ts';
import { loadTable, saturation } from './simulation-load.ts';
import { measureSlopes, type Slope, slopeTable } from './simulation-slopes.ts';

const WORKERS = 1_000;
const PROCESSES = 2;
const JOBS = 100_000;
const QUICK = { workers: 50, jobs: 3_000 };
const QUANTILES = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['p99', 0.99],
] as const;

export const simulation: Scenario = {
  name: 'simulation',
  title: 'A thousand workers',
  method: `\
API, queue, ledger, output path and workers as they run in production, but for the engine, which is the fake one of the
tests: ${WORKERS} workers of one slot in ${PROCESSES} processes, one API, ${JOBS} jobs of \`POST /job/run\`. Jobs come at random
(Poisson), whether or not others have been answered; a latency counts from when the request was *to be* sent.
Each answer is checked, and that Redis has nothing left of unfinished jobs; a request that is refused with 503 is no
error but counted: more came than Redis, which writes all to the disk first, took in. All of it, the client included, shares
the cores of one machine.

Then what a job costs beside more and more of something that has nothing to do with it: CPU of API, workers and Redis
together, each with an installation of its own, no held networks, and 32 clients that each send their next job when they
have their answer. Beside queued jobs, which would keep them waiting, a job is submitted whenever one has finished, and
latency is that of submitting. A worker has 32 slots or more; where there are more and more workers, each has one. The slope
is by how much the cost of one job would grow with a thousand more. Memory of Redis is what those many take, not the jobs that are measured.`,
  rounds: 1,
  async run(performance) {
    const { quick, signal, say } = performance;
    const size = quick ? QUICK : { workers: WORKERS, jobs: JOBS };
    const sweep = await sweepLoads({ ...size, processes: PROCESSES, signal, say });
    const slopes = await measureSlopes(performance);
    return results(performance, sweep, slopes);
  },
};

function results({ quick }: Performance, sweep: LoadSweep, slopes: readonly Slope[]): Results {
  const latencies = sweep.points.map(({ latenciesMs, ...point }) => ({
    ...point,
    ...Object.fromEntries(QUANTILES.map(([name, share]) => [name, quantile(latenciesMs, share)])),
    max: Math.max(...latenciesMs),
  }));
  const text = [
    '### Latency over load',
    '![Latency over load](plots/latency-over-load.svg)',
    loadTable(sweep),
    saturation(sweep),
    '### Cost of a job over size',
    '![Cost over size](plots/cost-over-size.svg)',
    slopeTable(slopes),
    quick ? 'The quick form: these are no figures to go by.' : '',
  ];
  const readme = [
    '![Latency over load](docs/plots/latency-over-load.svg)',
    `${WORKERS} simulated workers, jobs that do nothing and come at random, all on one machine (\`pnpm bench simulation\`). ${saturation(sweep)}`,
    '![Cost of a job over size](docs/plots/cost-over-size.svg)',
    'CPU time of a job of API, workers and Redis together, beside so many queued jobs, workers, waiting clients or followers.',
  ].join('\n\n');
  const data = {
    capacityPerSecond: sweep.capacityPerSecond,
    loads: latencies,
    slopes: slopes.map(({ name, points }) => ({
      name,
      points: points.map(({ latenciesMs, ...point }) => ({
        ...point,
        p50: quantile(latenciesMs, 0.5),
      })),
    })),
  };
  const plots = { 'latency-over-load': latencyChart(sweep), 'cost-over-size': costChart(slopes) };
  return {
    text: text.filter((part) => part !== '').join('\n\n'),
    pictures: { readme, data, plots },
  };
}

function latencyChart({ points }: LoadSweep): string {
  return lineChart({
    title: 'Latency of a job that does nothing, over load',
    x: { label: 'jobs per second, arriving at random' },
    y: { label: 'ms', scale: 'logarithmic' },
    series: QUANTILES.map(([name, share]) => ({
      name,
      points: points.map((point) => [point.offeredPerSecond, quantile(point.latenciesMs, share)]),
    })),
  });
}

function costChart(slopes: readonly Slope[]): string {
  return lineChart({
    title: 'CPU time of a job, beside so many others',
    x: { label: 'how many', scale: 'logarithmic' },
    y: { label: 'CPU ms per job' },
    series: slopes.map(({ name, points }) => ({
      name,
      points: points.map(({ size, costMs }) => [size, costMs]),
    })),
  });
}
