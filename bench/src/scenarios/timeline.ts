import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { containerOf, type Network, runInConJob, untilGone } from '../jobs/conjob-job.ts';
import { type Aim, targetText } from '../report/aims.ts';
import { median } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import { calm } from '../stage/calm.ts';
import { readSteps } from '../timeline/steps.ts';
import { type Span, type StepSummary, summarizeSteps } from '../timeline/summarize-steps.ts';
import { withoutEngineMs } from '../timeline/without-engine.ts';
import { type Performance, type Results, type Scenario, together } from './scenario.ts';

const TRACE = join(import.meta.dirname, '../timeline/trace-main.ts');
/** A process that has just started compiles. */
const WARM_UP = 30;
const TARGET_MS = 8;
const CALM_WITHIN_MS = 3_000;
/** Longer than a process keeps what it has noted. */
const FLUSHED_MS = 200;

export const timeline: Scenario = {
  name: 'timeline',
  title: 'Where the time of one job goes',
  method: `\
Every request that API and worker send to Redis and to the engine for one \`echo\` job, one job at a time: when it began and ended, in ms since
the client sent its request, medians of all jobs. API and worker are loaded with a script that notes what Node and ioredis tell
anybody who listens (\`diagnostics_channel\`); it costs a fraction of a millisecond. Each comes to ${WARM_UP} jobs that do not count first. "Everything but the engine" is the time until the
answer in which the worker had no request to the engine under way.`,
  rounds: 20,
  async run(performance) {
    const reports: Results[] = [];
    for (const network of ['none', 'bridge'] as const) {
      for (const pool of ['auto', 'off'] as const) {
        reports.push(await measure(performance, network, pool));
      }
    }
    return together(reports);
  },
};

async function measure(
  { stage, rounds, quick, signal, say }: Performance,
  network: Network,
  pool: 'auto' | 'off',
): Promise<Results> {
  say(`network ${network}, held networks ${pool}`);
  const folder = mkdtempSync(join(tmpdir(), 'conjob-bench-'));
  const path = join(folder, 'steps');
  const env = {
    NODE_OPTIONS: `--import=${TRACE}`,
    BENCH_TIMELINE: path,
    REDIS_URL: `${stage.redisUrl}/4`,
    ...(pool === 'off' ? { WORKER_SANDBOX_POOL: 'off' } : {}),
  };
  try {
    return await stage.withConJob(env, async ({ url }) => {
      const spans: Span[] = [];
      const answers: Span[] = [];
      const warmUp = quick ? 1 : WARM_UP;
      for (let number = 0; number < warmUp + rounds; number += 1) {
        signal.throwIfAborted();
        await calm(CALM_WITHIN_MS);
        const begin = performance.timeOrigin + performance.now();
        const job = { image: stage.image, network, args: ['echo', 'timeline'] };
        const { id, ms } = await runInConJob(url, job);
        await untilGone(stage.docker, containerOf(id));
        await sleep(20);
        const span = { begin, end: performance.timeOrigin + performance.now() };
        if (number < warmUp) continue;
        spans.push(span);
        answers.push({ begin, end: begin + ms });
      }
      await sleep(FLUSHED_MS);
      const title = `Network \`${network}\`, ${pool === 'off' ? 'without held networks' : 'held networks'}`;
      const steps = readSteps(path);
      return report(title, summarizeSteps(steps, spans), {
        answer: median(answers.map(({ begin, end }) => end - begin)),
        withoutEngine: median(answers.map((answer) => withoutEngineMs(steps, answer))),
      });
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function report(
  title: string,
  steps: readonly StepSummary[],
  ms: { readonly answer: number; readonly withoutEngine: number },
): Results {
  const own: Aim = {
    what: `\`echo\`: time in which nothing is asked of the engine, ${title}`,
    target: { atMost: TARGET_MS, unit: 'ms' },
    measured: ms.withoutEngine,
    digits: 1,
  };
  const text = [
    `### ${title}`,
    '',
    table(
      ['step', 'begin ms', 'end ms', 'took ms'],
      steps.map(({ app, what, beginMs, endMs, tookMs }) => [
        `${app}: ${what}`,
        ...[beginMs, endMs, tookMs].map((ms) => figure(ms)),
      ]),
    ),
    '',
    `Answer after ${figure(ms.answer)} ms. For ${figure(ms.withoutEngine)} ms of them nothing was asked of the engine (target: ${targetText(own.target)}).`,
  ].join('\n');
  return { text, aims: [own] };
}
