import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Aim, type Target, targetText } from '../report/aims.ts';
import { profileShares, type Share } from '../report/cpu-profile.ts';
import { median, quantile } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import { type ClosedRun, closedRun } from '../simulation/closed-run.ts';
import { eachPart, PARTS, type PerPart, peakBytes } from '../simulation/process-costs.ts';
import { withSimulation } from '../simulation/with-simulation.ts';
import type { Performance, Results, Scenario } from './scenario.ts';

const SLOTS = 32;
/** As many jobs wait as run: a slot that is free finds the next one. */
const CLIENTS = 2 * SLOTS;
const WARM_UP = 3_000;
const JOBS = 6_000;
const JOBS_ALONE = 500;
const TARGET_PER_SECOND = 1_500;
const TARGET_ALONE_MS = 8;
const TOP = 8;
const MIB = 1024 * 1024;

export const noop: Scenario = {
  name: 'noop',
  title: 'Everything but the engine',
  method: `\
How many jobs per second go through API, queue, ledger and worker when running one takes no time: the worker runs on the
fake engine of the tests, all else is what runs in production, one API process and one worker process with
${SLOTS} slots. ${CLIENTS} clients of one process each send their next \`POST /job/run\` when they have their
answer, and each answer is checked for what its job printed. ${WARM_UP} jobs come first that do not count, then ${JOBS} for
each round, and then ${JOBS_ALONE} of one client alone. The profiles are of a run of their own, \`node --cpu-prof\`, by who has the CPU itself; their shares are of
the time in which the process was not idle.`,
  rounds: 5,
  async run(performance) {
    const measured = await measure(performance);
    const profiles = await profile(performance);
    return report(measured, profiles);
  },
};

interface Measured {
  readonly rounds: readonly ClosedRun[];
  /** Of one client, in the same rounds. */
  readonly alone: readonly ClosedRun[];
  readonly peakBytes: PerPart;
}

async function measure({ rounds, signal, say, stage }: Performance): Promise<Measured> {
  const options = { workers: 1, slots: SLOTS, built: stage.built };
  return withSimulation(options, async (simulation, client) => {
    await closedRun(simulation, client, { jobs: WARM_UP, clients: CLIENTS, signal });
    const runs: ClosedRun[] = [];
    const alone: ClosedRun[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      runs.push(await closedRun(simulation, client, { jobs: JOBS, clients: CLIENTS, signal }));
      alone.push(await closedRun(simulation, client, { jobs: JOBS_ALONE, clients: 1, signal }));
      say(`round ${round}: ${figure(runs.at(-1)?.jobsPerSecond ?? 0, 0)} jobs/s`);
    }
    return { rounds: runs, alone, peakBytes: peakBytes(simulation) };
  });
}

type Profiles = Readonly<Record<'api' | 'workers', readonly Share[]>>;

async function profile({ signal, say, stage }: Performance): Promise<Profiles> {
  say('profiles');
  const folder = mkdtempSync(join(tmpdir(), 'conjob-bench-'));
  const profileFolder = (app: keyof Profiles) => join(folder, app);
  const nodeOptions = (app: keyof Profiles) => [
    '--cpu-prof',
    `--cpu-prof-dir=${profileFolder(app)}`,
  ];
  try {
    const options = { workers: 1, slots: SLOTS, built: stage.built, nodeOptions };
    await withSimulation(options, (simulation, client) =>
      closedRun(simulation, client, { jobs: WARM_UP + JOBS, clients: CLIENTS, signal }),
    );
    return {
      api: profileShares(profileFolder('api')),
      workers: profileShares(profileFolder('workers')),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function report({ rounds, alone, peakBytes: peak }: Measured, profiles: Profiles): Results {
  const rate = (runs: readonly ClosedRun[]) =>
    median(runs.map(({ jobsPerSecond }) => jobsPerSecond));
  const latencies = (runs: readonly ClosedRun[]) => runs.flatMap((run) => run.latenciesMs);
  const many: Target = { atLeast: TARGET_PER_SECOND, unit: 'jobs/s' };
  const single: Target = { atMost: TARGET_ALONE_MS, unit: 'ms' };
  const row = (name: string, runs: readonly ClosedRun[], target: string) => [
    name,
    figure(rate(runs), 0),
    ...[0.5, 0.95, 0.99, 1].map((share) => figure(quantile(latencies(runs), share))),
    target,
  ];
  const cpu = eachPart((part) => median(rounds.map(({ cpuMsPerJob }) => cpuMsPerJob[part])));
  const all = PARTS.reduce((sum, part) => sum + cpu[part], 0);
  const top = Array.from({ length: TOP }, (_, place) => [
    String(place + 1),
    ...[profiles.api[place], profiles.workers[place]].map((share) =>
      share === undefined ? '' : `${share.part} ${figure(share.share * 100)} %`,
    ),
  ]);
  const text = [
    table(
      ['one API, one worker', 'jobs/s', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'target'],
      [
        row(`${SLOTS} slots, ${CLIENTS} clients`, rounds, targetText(many)),
        row(`${SLOTS} slots, 1 client`, alone, `p50 ${targetText(single)}`),
      ],
    ),
    '',
    table(
      ['', 'API', 'worker', 'Redis', 'client', 'all'],
      [
        ['CPU ms per job', ...PARTS.map((part) => figure(cpu[part], 2)), figure(all, 2)],
        ['peak MiB', ...PARTS.map((part) => figure(peak[part] / MIB, 0)), ''],
      ],
    ),
    '',
    table(['CPU time', 'API', 'worker'], top),
    '',
    `${rounds.length} rounds of ${JOBS} jobs; rate and CPU are medians of the rounds.`,
  ].join('\n');
  const aims: Aim[] = [
    {
      what: 'no-op jobs: one API, one worker process',
      inShort: 'jobs that do nothing, through one API and one worker process',
      target: many,
      measured: rate(rounds),
      digits: 0,
    },
    {
      what: 'everything but the engine, one job at a time, p50',
      inShort: 'what ConJob itself adds to a job, median',
      target: single,
      measured: quantile(latencies(alone), 0.5),
      digits: 1,
    },
  ];
  return { text, aims };
}
