import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { runBare } from '../jobs/bare-job.ts';
import { jobUrl } from '../jobs/conjob-job.ts';
import { countBytes } from '../jobs/frames.ts';
import { likeConJob } from '../jobs/like-conjob.ts';
import { type Aim, type Target, targetText } from '../report/aims.ts';
import { median } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import { calm } from '../stage/calm.ts';
import type { ConJob } from '../stage/conjob.ts';
import { peakMemoryBytes } from '../stage/processes.ts';
import { eachPart, PARTS, type Spent, spending } from '../stage/spent.ts';
import type { Performance, Results, Scenario } from './scenario.ts';

const MIB = 1024 * 1024;
const BYTES = 100 * MIB;
const TARGET_RSS_MIB = 200;
/** Of the rate of the bare sequence. */
const TARGET_RATE = 0.8;
const CALM_WITHIN_MS = 5_000;
const LINE = `${'0123456789abcdef'.repeat(5).slice(0, 79)}\n`;

interface Writer {
  readonly name: string;
  readonly args: readonly string[];
  /** What it writes, over and over. */
  readonly pattern: Buffer;
}

const WRITERS: readonly Writer[] = [
  {
    name: 'zeros',
    args: ['head', '-c', String(BYTES), '/dev/zero'],
    pattern: Buffer.alloc(80),
  },
  {
    name: 'lines of 80 bytes',
    args: ['sh', '-c', `yes ${LINE.trimEnd()} | head -c ${BYTES}`],
    pattern: Buffer.from(LINE),
  },
];

const LIMITS = [
  { name: '16 MiB kept', env: {}, keptBytes: 16 * MIB },
  {
    name: 'all kept',
    env: { MAX_OUTPUT_BYTES: String(128 * MIB) },
    keptBytes: BYTES,
  },
];

export const output: Scenario = {
  name: 'output',
  title: '100 MiB of output',
  method: `\
One job that writes 100 MiB, with the default limit (the first 16 MiB are kept, the rest is read and
counted) and with \`MAX_OUTPUT_BYTES\` of 128 MiB (all is kept, and comes back byte for byte).
The answer of \`POST /job/run\` is read by a client as it comes. API and worker are started anew for
each measurement, so that their peak memory (VmHWM) is that of this job; before it they run one that
prints nothing, and then the machine has to be calm, since the worker is still starting its reaper when it takes its
first job, and makes the first held network during it. In turns with it the bare sequence:
the same container with a network of its own, its attach stream read and thrown away. Targets: ${TARGET_RATE} of its rate, the
start of the container included in both; API and worker each below ${TARGET_RSS_MIB} MiB.`,
  rounds: 1,
  async run(performance) {
    const measured: Named[] = [];
    for (const limit of LIMITS) {
      for (const writer of WRITERS) {
        performance.say(`${writer.name}, ${limit.name}`);
        measured.push(await measure(performance, writer, limit));
      }
    }
    return report(measured, performance.rounds);
  },
};

const RATE: Target = { atLeast: TARGET_RATE };
const MEMORY: Target = { below: TARGET_RSS_MIB, unit: 'MiB' };

/** The medians of the rounds, and the largest peaks. */
interface Named extends Measured {
  readonly name: string;
}

interface Measured {
  readonly conJobMs: number;
  readonly bareMs: number;
  readonly apiBytes: number;
  readonly workerBytes: number;
  readonly spent: Spent;
  readonly bareSpent: Spent;
}

async function measure(
  performance: Performance,
  writer: Writer,
  limit: (typeof LIMITS)[number],
): Promise<Named> {
  const runs: Measured[] = [];
  for (let round = 0; round < performance.rounds; round++) {
    performance.signal.throwIfAborted();
    runs.push(
      await performance.stage.withConJob(limit.env, (conJob) =>
        measureOnce(performance, conJob, writer, { keptBytes: limit.keptBytes, round }),
      ),
    );
  }
  const of = (part: Exclude<keyof Measured, 'spent' | 'bareSpent'>) => runs.map((run) => run[part]);
  const middle = (which: 'spent' | 'bareSpent') =>
    eachPart((part) => median(runs.map((run) => run[which][part])));
  return {
    name: `${writer.name}, ${limit.name}`,
    conJobMs: median(of('conJobMs')),
    bareMs: median(of('bareMs')),
    apiBytes: Math.max(...of('apiBytes')),
    workerBytes: Math.max(...of('workerBytes')),
    spent: middle('spent'),
    bareSpent: middle('bareSpent'),
  };
}

function report(measured: readonly Named[], rounds: number): Results {
  const perSecond = (ms: number) => figure(BYTES / MIB / (ms / 1000));
  const text = [
    table(
      [
        'output',
        'answer after s',
        'ConJob MiB/s',
        'bare MiB/s',
        'ConJob / bare',
        'peak API MiB',
        'peak worker MiB',
      ],
      measured.map(({ name, conJobMs, bareMs, apiBytes, workerBytes }) => [
        name,
        figure(conJobMs / 1000, 2),
        perSecond(conJobMs),
        perSecond(bareMs),
        figure(bareMs / conJobMs, 2),
        figure(apiBytes / MIB, 0),
        figure(workerBytes / MIB, 0),
      ]),
    ),
    '',
    table(
      ['CPU ms', ...PARTS.map((part) => (part === 'rest' ? 'engine and rest' : part))],
      measured.flatMap(({ name, spent, bareSpent }) => [
        [name, ...PARTS.map((part) => figure(spent[part], 0))],
        ['the same, bare', ...PARTS.map((part) => figure(bareSpent[part], 0))],
      ]),
    ),
    '',
    `${rounds === 1 ? 'One round' : `Medians of ${rounds} rounds`}; peaks are maxima. Targets: ${targetText(RATE)}, ${targetText(MEMORY)}.`,
  ].join('\n');
  const rates = measured.map(
    ({ name, conJobMs, bareMs }): Aim => ({
      what: `100 MiB of output, rate ÷ bare: ${name}`,
      ...(name === measured[0]?.name && {
        inShort: 'rate of 100 MiB of output ÷ that of the engine alone',
      }),
      target: RATE,
      measured: bareMs / conJobMs,
    }),
  );
  const memory: Aim = {
    what: '100 MiB of output, largest of API and worker',
    target: MEMORY,
    measured: Math.max(...measured.flatMap((one) => [one.apiBytes, one.workerBytes])) / MIB,
    digits: 0,
  };
  return { text, aims: [...rates, memory] };
}

async function measureOnce(
  { stage }: Performance,
  conJob: ConJob,
  { args, pattern }: Writer,
  { keptBytes, round }: { readonly keptBytes: number; readonly round: number },
): Promise<Measured> {
  const { docker, image } = stage;
  const { url, apiPid, workerPid } = conJob;
  const template = await likeConJob(docker, url, image);
  const runInConJob = async () => {
    await calm(CALM_WITHIN_MS);
    const job = jobUrl(url, { image, args });
    const { result, spent } = await spending(stage, conJob, () =>
      readAnswer(job, pattern, keptBytes),
    );
    const peaks = { apiBytes: peakMemoryBytes(apiPid), workerBytes: peakMemoryBytes(workerPid) };
    return { conJobMs: result, spent, ...peaks };
  };
  const runBarely = async () => {
    await calm(CALM_WITHIN_MS);
    let bytes = 0;
    const { result, spent: bareSpent } = await spending(stage, conJob, () =>
      runBare(docker, template(args), async (stream) => {
        bytes = await countBytes(stream);
      }),
    );
    if (bytes < BYTES) throw new Error(`the bare container gave only ${bytes} bytes`);
    return { bareMs: result.knownMs, bareSpent };
  };
  if (round % 2 === 0) return { ...(await runInConJob()), ...(await runBarely()) };
  return { ...(await runBarely()), ...(await runInConJob()) };
}

/** Reads the answer as it comes, and sees to it that it is what was written. */
async function readAnswer(job: string, pattern: Buffer, keptBytes: number): Promise<number> {
  const written = repeated(pattern, MIB);
  const start = performance.now();
  const asked = request(job, { method: 'POST' }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const from = bytes % pattern.length;
    if (!written.subarray(from, from + chunk.length).equals(chunk)) throw new Error('bytes differ');
    bytes += chunk.length;
  }
  const ms = performance.now() - start;
  if (response.statusCode !== 200) throw new Error(`the job was answered ${response.statusCode}`);
  if (bytes !== keptBytes) throw new Error(`the answer has ${bytes} bytes, not ${keptBytes}`);
  return ms;
}

/** At least so many bytes. */
function repeated(pattern: Buffer, bytes: number): Buffer {
  return Buffer.alloc(Math.ceil(bytes / pattern.length) * pattern.length, pattern);
}
