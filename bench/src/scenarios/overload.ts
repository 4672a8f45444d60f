import { type Aim, targetText } from '../report/aims.ts';
import { quantile } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import { openRun } from '../simulation/open-run.ts';
import type { PlainClient } from '../simulation/plain-client.ts';
import { checkPrinted, isRefused, slowPath } from '../simulation/simulated-jobs.ts';
import type { Simulation } from '../simulation/start-simulation.ts';
import { withSimulation } from '../simulation/with-simulation.ts';
import type { Results, Scenario } from './scenario.ts';

const SLOTS = 20;
const JOB_SECONDS = 0.2;
const CAPACITY_PER_SECOND = SLOTS / JOB_SECONDS;
/** As many wait as run. */
const QUEUE_BOUND = SLOTS;
/** Of capacity, one after the other. */
const LOADS = [0.5, 1, 5, 0.5] as const;
const SECONDS = 12;
const QUICK_SECONDS = 3;
const TARGET_GOODPUT = 0.9;
const TARGET_REFUSAL_MS = 100;

interface Phase {
  readonly load: number;
  readonly goodPerSecond: number;
  readonly goodMs: readonly number[];
  readonly refusedMs: readonly number[];
}

export const overload: Scenario = {
  name: 'overload',
  title: 'More than can be done',
  method: `\
A worker on a fake engine with ${SLOTS} slots, jobs that take ${JOB_SECONDS} s, so that ${CAPACITY_PER_SECOND} can be done in a second, and a queue that takes
${QUEUE_BOUND} jobs (\`JOB_LIMIT_QUEUED\`). Requests come at random at half of that, at all of it, at five times as much, and at
half again, for ${SECONDS} s each; latencies count from when a request was to be sent. Each answer is either what its job
printed or a refusal with \`Retry-After\`. Goodput counts until the last answer. Targets: at five times the
capacity at least ${TARGET_GOODPUT * 100} % of the goodput at one time; 99 of 100 refusals within ${TARGET_REFUSAL_MS} ms; afterwards as before.`,
  rounds: 1,
  async run({ quick, signal, say }) {
    const seconds = quick ? QUICK_SECONDS : SECONDS;
    const env = { JOB_LIMIT_QUEUED: String(QUEUE_BOUND) };
    return withSimulation({ workers: 1, slots: SLOTS, env }, async (simulation, client) => {
      const phases: Phase[] = [];
      for (const load of LOADS) {
        phases.push(await runPhase(simulation, client, { load, seconds, signal }));
        const { goodPerSecond, refusedMs } = phases.at(-1) as Phase;
        say(`${load} × capacity: ${figure(goodPerSecond)} jobs/s, ${refusedMs.length} refused`);
      }
      return report(phases);
    });
  },
};

async function runPhase(
  simulation: Simulation,
  client: PlainClient,
  { load, seconds, signal }: { load: number; seconds: number; signal: AbortSignal },
): Promise<Phase> {
  const perSecond = load * CAPACITY_PER_SECOND;
  const word = (number: number) => `job-${number}`;
  const path = (number: number) => slowPath(word(number), JOB_SECONDS);
  const jobs = Math.round(perSecond * seconds);
  const { answers, ms } = await openRun(simulation, client, {
    ...{ jobs, perSecond, path, signal },
    seed: jobs,
  });
  const refused = answers.filter(({ answer }) => isRefused(answer));
  const good = answers.filter(({ answer }) => !isRefused(answer));
  for (const { answer, number } of good) checkPrinted(answer, word(number));
  return {
    load,
    goodPerSecond: (good.length * 1000) / ms,
    goodMs: good.map((answer) => answer.ms),
    refusedMs: refused.map((answer) => answer.ms),
  };
}

function report(phases: readonly Phase[]): Results {
  const rows = phases.map(({ load, goodPerSecond, goodMs, refusedMs }) => [
    `${load} × capacity`,
    figure(goodPerSecond),
    ...[0.5, 0.99].map((share) => figure(quantile(goodMs, share))),
    String(refusedMs.length),
    ...[0.5, 0.99, 1].map((share) =>
      refusedMs.length === 0 ? '' : figure(quantile(refusedMs, share)),
    ),
  ]);
  const [before, once, many, after] = phases as [Phase, Phase, Phase, Phase];
  const goodput: Aim = {
    what: 'goodput at 5 × ÷ at 1 × the capacity',
    inShort: 'jobs done when five times more are asked for than can be done ÷ when as many are',
    target: { atLeast: TARGET_GOODPUT },
    measured: many.goodPerSecond / once.goodPerSecond,
  };
  const refusal: Aim = {
    what: 'p99 of a refusal at 5 × the capacity',
    target: { below: TARGET_REFUSAL_MS, unit: 'ms' },
    measured: quantile(many.refusedMs, 0.99),
    digits: 1,
  };
  const p50 = ({ goodMs }: Phase) => figure(quantile(goodMs, 0.5));
  const header = ['requests', 'done/s', 'p50 ms', 'p99 ms', 'refused'];
  const text = [
    table([...header, 'refused in p50 ms', 'p99 ms', 'max ms'], rows),
    '',
    table(
      ['', 'measured', 'target'],
      [
        [goodput.what, figure(goodput.measured, 2), targetText(goodput.target)],
        [refusal.what, `${figure(refusal.measured)} ms`, targetText(refusal.target)],
        ['p50 at 0.5 × before and after, ms', `${p50(before)} and ${p50(after)}`, 'as before'],
      ],
    ),
  ].join('\n');
  return { text, aims: [goodput, refusal] };
}
