import { interleave, type Measure } from '../interleave.ts';
import { runBare } from '../jobs/bare-job.ts';
import { containerOf, runInConJob, untilGone } from '../jobs/conjob-job.ts';
import { findDockerCli } from '../jobs/docker-cli.ts';
import { textOf } from '../jobs/frames.ts';
import { likeConJob } from '../jobs/like-conjob.ts';
import { calm } from '../stage/calm.ts';
import { type EchoRun, reportEcho, TARGET_OVERHEAD_MS } from './echo-report.ts';
import type { Performance, Scenario } from './scenario.ts';

const WARM_UP_ROUNDS = 3;
const CALM_WITHIN_MS = 3_000;

export const echo: Scenario = {
  name: 'echo',
  title: 'One `echo` at a time',
  method: `\
The smallest job there is, one at a time, three ways on the same engine: as one request to ConJob
(\`POST /job/run\`, answered with the output), as the bare sequence of engine calls that no client can
do without (create → attach ∥ wait → start → exit and end of output → remove, by dockerode, with the
very options that ConJob gives its containers), and as \`docker run --rm --network none\`. The ways
take turns, each round in another order; warm-up rounds are left out; each run waits until the machine
is calm; each output is checked. "Answer" is the time until output and exit code are known, "removed" until the container is
gone too. ConJob answers first and removes afterwards; \`docker run\` returns when both are done.
Overhead is the median of the differences within a round. Targets: an overhead of at most
${TARGET_OVERHEAD_MS} ms, and less than \`docker run\` takes.`,
  rounds: 30,
  run: (performance) => performance.stage.withConJob({}, ({ url }) => measure(performance, url)),
};

async function measure({ stage, rounds, signal, say }: Performance, url: string): Promise<string> {
  const { docker, image } = stage;
  const template = await likeConJob(docker, url, image);
  const cli = await findDockerCli(stage.engineSocket);
  const ways: Record<string, Measure<EchoRun>> = {
    conJob: checked(async (args) => {
      const { id, text, ms, parts } = await runInConJob(url, { image, args });
      const goneMs = await untilGone(docker, containerOf(id));
      return { text, run: { knownMs: ms, removedMs: ms + goneMs, parts } };
    }),
    bare: checked(async (args) => {
      let text = '';
      const run = await runBare(docker, template(args), async (output) => {
        text = await textOf(output);
      });
      return { text, run };
    }),
    ...(cli && {
      dockerRun: checked(async (args) => {
        const start = performance.now();
        const text = await cli.run(image, args);
        const ms = performance.now() - start;
        return { text, run: { knownMs: ms, removedMs: ms } };
      }),
    }),
  };
  say(`warming up, then ${rounds} rounds of ${Object.keys(ways).length} ways`);
  await interleave(WARM_UP_ROUNDS, ways, signal);
  const runs = await interleave(rounds, ways, signal);
  return reportEcho(
    { conJob: runs['conJob'] ?? [], bare: runs['bare'] ?? [], dockerRun: runs['dockerRun'] ?? [] },
    cli?.version,
  );
}

/** Runs `echo` with a word of its own, and sees to it that exactly that comes back. */
function checked(
  way: (args: readonly string[]) => Promise<{ text: string; run: Omit<EchoRun, 'wasCalm'> }>,
) {
  return async (): Promise<EchoRun> => {
    const wasCalm = await calm(CALM_WITHIN_MS);
    const word = `word-${Math.random().toString(36).slice(2)}`;
    const { text, run } = await way(['echo', word]);
    if (text !== `${word}\n`) throw new Error(`echo ${word} printed ${JSON.stringify(text)}`);
    return { ...run, wasCalm };
  };
}
