import { interleave, type Measure } from '../interleave.ts';
import { runBare } from '../jobs/bare-job.ts';
import { containerOf, type Network, runInConJob, untilGone } from '../jobs/conjob-job.ts';
import { findDockerCli } from '../jobs/docker-cli.ts';
import { textOf } from '../jobs/frames.ts';
import { likeConJob } from '../jobs/like-conjob.ts';
import { calm } from '../stage/calm.ts';
import type { ConJob } from '../stage/conjob.ts';
import { memoryOf, spending } from '../stage/spent.ts';
import type { Stage } from '../stage/stage.ts';
import {
  type ConJobs,
  conJobOf,
  type Variant,
  variantsOn,
  withVariants,
} from '../stage/variants.ts';
import { type EchoRun, reportEcho, TARGET_OVERHEAD_MS } from './echo-report.ts';
import { type Performance, type Results, type Scenario, together } from './scenario.ts';

const WARM_UP_ROUNDS = 3;
const CALM_WITHIN_MS = 3_000;
/** A process that has just started compiles, and a held network has to be made: so many jobs come before those that count. */
const WARM_UP_JOBS = 30;

export const echo: Scenario = {
  name: 'echo',
  title: 'One `echo` at a time',
  method: `\
The smallest job there is, one at a time, on one engine, without a network and on its bridge: as one request to ConJob
(\`POST /job/run\`, answered with the output), which joins a held network that is used again, one that is used once
(\`WORKER_SANDBOX_REUSE=never\`), or none (\`WORKER_SANDBOX_POOL=off\`), and, where crun is installed, with jobs by crun; as the bare sequence of engine calls that no client can
do without (create → attach ∥ wait → start → exit and end of output → remove, by dockerode, with the
very options that ConJob gives its containers, and a network of their own); and as \`docker run --rm\`, both by runc. The ways
take turns, each round in another order; they are left out until each has run ${WARM_UP_JOBS} jobs; each run waits until the machine
is calm; each output is checked. "Answer" is the time until output and exit code are known; \`docker run\` returns when the
container is gone too, which ConJob does afterwards. What is compared is the median of the ratios, or differences, within a round.
Without a pool the target is less than \`docker run\` takes, and an overhead of at most ${TARGET_OVERHEAD_MS} ms over the bare sequence.`,
  rounds: 30,
  async run(performance) {
    const reports: Results[] = [];
    await withVariants(performance.stage, {}, async (conJobs) => {
      for (const network of ['none', 'bridge'] as const) {
        reports.push(await measure(performance, conJobs, network));
      }
    });
    return together(reports);
  },
};

async function measure(
  { stage, rounds, quick, signal, say }: Performance,
  conJobs: ConJobs,
  network: Network,
): Promise<Results> {
  const { docker, image } = stage;
  const variants = variantsOn(stage);
  const noPool = conJobOf(conJobs, 'noPool');
  const template = await likeConJob(docker, noPool.url, image, network);
  const cli = await findDockerCli(stage.engineSocket);
  const conJob = (variant: Variant) =>
    checked(async (args) => {
      const run = runInConJob(conJobOf(conJobs, variant).url, { image, network, args });
      const { id, text, ms, parts } = await run;
      await untilGone(docker, containerOf(id));
      return { text, run: { knownMs: ms, parts } };
    });
  const bare = checked(async (args) => {
    let text = '';
    const { knownMs, parts } = await runBare(docker, template(args), async (output) => {
      text = await textOf(output);
    });
    return { text, run: { knownMs, parts } };
  });
  const dockerRun = checked(async (args) => {
    const start = performance.now();
    const text = (await cli?.run(image, args, network)) ?? '';
    return { text, run: { knownMs: performance.now() - start } };
  });
  const runs = Object.fromEntries([
    ...variants.map((variant) => [variant, conJob(variant)] as const),
    ['bare', bare] as const,
    ...(cli ? [['dockerRun', dockerRun] as const] : []),
  ]);
  const ways: Readonly<Record<string, Measure<EchoRun>>> = Object.fromEntries(
    Object.entries(runs).map(([way, run]) => {
      const variant = way === 'bare' || way === 'dockerRun' ? 'noPool' : (way as Variant);
      return [way, () => run(stage, conJobOf(conJobs, variant))];
    }),
  );
  say(`network ${network}: warming up, then ${rounds} rounds of ${Object.keys(ways).length} ways`);
  for (const variant of variants) {
    for (let jobs = WARM_UP_ROUNDS; jobs < (quick ? 0 : WARM_UP_JOBS); jobs += 1) {
      signal.throwIfAborted();
      await runInConJob(conJobOf(conJobs, variant).url, { image, network, args: ['true'] });
    }
  }
  await interleave(WARM_UP_ROUNDS, ways, signal);
  const measured = await interleave(rounds, ways, signal);
  const memory = Object.fromEntries(
    variants.map((variant) => [variant, memoryOf(stage, conJobOf(conJobs, variant))]),
  );
  return reportEcho(network, measured, memory, cli?.version);
}

type Run = (...of: [Stage, ConJob]) => Promise<EchoRun>;

/** Runs `echo` with a word of its own, and sees to it that exactly that comes back. */
function checked(
  way: (
    args: readonly string[],
  ) => Promise<{ text: string; run: Omit<EchoRun, 'wasCalm' | 'spent'> }>,
): Run {
  return async (stage, conJob) => {
    const wasCalm = await calm(CALM_WITHIN_MS);
    const word = `word-${Math.random().toString(36).slice(2)}`;
    const { result, spent } = await spending(stage, conJob, () => way(['echo', word]));
    const { text, run } = result;
    if (text !== `${word}\n`) throw new Error(`echo ${word} printed ${JSON.stringify(text)}`);
    return { ...run, wasCalm, spent };
  };
}
