import { createHash } from 'node:crypto';
import { runBare } from '../jobs/bare-job.ts';
import { jobUrl } from '../jobs/conjob-job.ts';
import { countBytes } from '../jobs/frames.ts';
import { likeConJob } from '../jobs/like-conjob.ts';
import { type Aim, type Target, targetText } from '../report/aims.ts';
import { median } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import type { ConJob } from '../stage/conjob.ts';
import { peakMemoryBytes } from '../stage/processes.ts';
import { eachPart, PARTS, type Spent, spending } from '../stage/spent.ts';
import type { Performance, Results, Scenario } from './scenario.ts';

const MIB = 1024 * 1024;
const BYTES = 100 * MIB;
const TARGET_RSS_MIB = 200;
/** Of the rate of the bare sequence. */
const TARGET_RATE = 0.8;
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
counted) and with \`MAX_OUTPUT_BYTES\` of 128 MiB (all is kept, and comes back with the same SHA-256).
The answer of \`POST /job/run\` is read by a client as it comes. API and worker are started anew for
each measurement, so that their peak memory (VmHWM) is that of this job. Beside it the bare sequence:
the same container, its attach stream read and thrown away. Targets: ${TARGET_RATE} of its rate, the
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
        measureOnce(performance, conJob, writer, limit.keptBytes),
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
  keptBytes: number,
): Promise<Measured> {
  const { docker, image } = stage;
  const { url, apiPid, workerPid } = conJob;
  const { result: conJobMs, spent } = await spending(stage, conJob, () =>
    readAnswer(jobUrl(url, { image, args }), pattern, keptBytes),
  );
  const peaks = { apiBytes: peakMemoryBytes(apiPid), workerBytes: peakMemoryBytes(workerPid) };
  const template = await likeConJob(docker, url, image);
  let bytes = 0;
  const { result, spent: bareSpent } = await spending(stage, conJob, () =>
    runBare(docker, template(args), async (stream) => {
      bytes = await countBytes(stream);
    }),
  );
  if (bytes < BYTES) throw new Error(`the bare container gave only ${bytes} bytes`);
  return { conJobMs, bareMs: result.knownMs, spent, bareSpent, ...peaks };
}

/** Reads the answer as it comes, and sees to it that it is what was written. */
async function readAnswer(job: string, pattern: Buffer, keptBytes: number): Promise<number> {
  const start = performance.now();
  const response = await fetch(job, { method: 'POST' });
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  const ms = performance.now() - start;
  if (response.status !== 200) throw new Error(`the job was answered ${response.status}`);
  if (bytes !== keptBytes) throw new Error(`the answer has ${bytes} bytes, not ${keptBytes}`);
  if (hash.digest('hex') !== expectedHash(pattern, keptBytes)) throw new Error('bytes differ');
  return ms;
}

function expectedHash(pattern: Buffer, bytes: number): string {
  const hash = createHash('sha256');
  for (let left = bytes; left > 0; left -= pattern.length) hash.update(pattern.subarray(0, left));
  return hash.digest('hex');
}
