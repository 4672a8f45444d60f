import { setTimeout as sleep } from 'node:timers/promises';
import { interleave, type Measure } from '../interleave.ts';
import { runInConJob } from '../jobs/conjob-job.ts';
import { cancel, type NewJob, submitRunning, untilFinished } from '../jobs/jobs-api.ts';
import { median, quantile, ratios } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import type { Performance, Results, Scenario } from './scenario.ts';

const MIB = 1024 * 1024;
const TARGET_RATIO = 2;
const QUICK_ROUNDS = 2;
/** By then it takes all that it gets. */
const WARM_UP_MS = 1_500;

const NOBODY = 'nobody';
/** Each takes what it can, for as long as it is let; killed or not, it begins again. */
const HOGS = {
  processes:
    'while :; do (i=0; while [ $i -lt 2000 ]; do sleep 5 & i=$((i + 1)); done) 2>/dev/null; done',
  memory: 'while :; do (tail /dev/zero); done',
  disk: 'while :; do dd if=/dev/zero of=/full bs=1M count=256 2>/dev/null; sync; rm /full; done',
  processors: 'for i in 1 2 3 4 5 6 7 8; do while :; do :; done & done; wait',
  files:
    'while :; do for p in 1 2 3 4; do (i=3; while eval "exec $i</dev/null"; do i=$((i + 1)); done) & done 2>/dev/null; wait; done',
} as const;
type Beside = keyof typeof HOGS | typeof NOBODY;

/** What its neighbour has to do: about half of its time is the processor's, half the engine's. */
const WORK = 'i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; echo $i > /done; cat /done';

export const neighbours: Scenario = {
  name: 'neighbours',
  title: 'Beside a job that takes all it can get',
  method: `\
One job after the other that counts to 100,000 in a shell, and reads and writes a file, of profile \`default\` without a network: alone, and beside one
other job that forks without end, fills its memory (128 MiB), writes 256 MiB to the disk again and again, keeps eight processes busy, or opens files without
end. The ways take turns, each round in another order; the answer of each job is checked. What is compared is the time from request to answer, as a ratio to the job alone
in the same round. Target: at most ${TARGET_RATIO}.`,
  rounds: 10,
  page: 'security.md',
  run: (performance) =>
    performance.stage.withConJob(
      { WORKER_CONCURRENCY: '2', JOB_LIMIT_MEMORY_BYTES: String(128 * MIB) },
      ({ url }) => measure(performance, url),
    ),
};

async function measure(
  { stage, rounds, quick, signal, say }: Performance,
  url: string,
): Promise<Results> {
  const { docker, image } = stage;
  const neighbour = async (): Promise<number> => {
    const { text, ms } = await runInConJob(url, { image, args: ['sh', '-c', WORK] });
    if (text !== '100000\n') throw new Error(`the neighbour printed ${JSON.stringify(text)}`);
    return ms;
  };
  const beside = (script: string): Measure<number> => {
    const hog: NewJob = { image, args: ['sh', '-c', script], killTimeoutSeconds: 0 };
    return async () => {
      const id = await submitRunning(url, docker, hog);
      try {
        await sleep(WARM_UP_MS);
        return await neighbour();
      } finally {
        // It may have ended by its limits.
        await cancel(url, id).catch(() => {});
        await untilFinished(url, id, signal);
      }
    };
  };
  const ways: Record<Beside, Measure<number>> = {
    [NOBODY]: neighbour,
    processes: beside(HOGS.processes),
    memory: beside(HOGS.memory),
    disk: beside(HOGS.disk),
    processors: beside(HOGS.processors),
    files: beside(HOGS.files),
  };
  const names = Object.keys(ways) as Beside[];
  const all = quick ? QUICK_ROUNDS : rounds;
  say(`warming up, then ${all} rounds beside ${names.join(', ')}`);
  await neighbour();
  return report(names, await interleave(all, ways, signal));
}

function report(names: readonly Beside[], ms: Readonly<Record<Beside, number[]>>): Results {
  const rows = names.map((name) => {
    const ratio = ratios(ms[name], ms[NOBODY]);
    return [
      name,
      figure(median(ms[name]), 0),
      figure(quantile(ms[name], 1), 0),
      figure(median(ratio), 2),
      figure(quantile(ratio, 1), 2),
    ];
  });
  const worst = Math.max(...names.map((name) => median(ratios(ms[name], ms[NOBODY]))));
  return {
    text: table(['beside', 'median ms', 'longest ms', 'ratio', 'largest ratio'], rows),
    aims: [
      {
        what: 'time of a job beside the worst of five hogs ÷ alone',
        target: { atMost: TARGET_RATIO },
        measured: worst,
      },
    ],
  };
}
