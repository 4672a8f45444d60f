import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { EVERY_ROW } from './ci-rows.ts';
import { faultRow } from './support/fault-row.ts';
import type { JobView } from './support/load/operation.ts';
import type { Stage } from './support/stage.ts';
import { comesTrue } from './support/witness/controls.ts';

const FLOOD_SECONDS = EVERY_ROW ? 60 : 5;
const SHORT_JOBS = EVERY_ROW ? 1_000 : 60;
const MIB = 1024 * 1024;
/** Less than a busy machine prints in that time. */
const CAP_BYTES = 2 * MIB;

/** What a program prints, told apart by what the client must find. */
interface Print {
  readonly what: string;
  readonly program: string;
  /** The beginning of what it prints: all of it when that fits into the cap. */
  readonly prints: Buffer;
  readonly isCapped: boolean;
}

const PRINTS: readonly Print[] = [
  {
    what: `${FLOOD_SECONDS} s of yes`,
    program: `exec 2>/dev/null; timeout ${FLOOD_SECONDS} yes; exit 0`,
    prints: Buffer.alloc(CAP_BYTES, 'y\n'),
    isCapped: true,
  },
  {
    what: 'one line of 40 MB',
    program: 'head -c 40000000 /dev/zero | tr "\\0" x',
    prints: Buffer.alloc(CAP_BYTES, 'x'),
    isCapped: true,
  },
  {
    what: 'one line as long as the cap',
    program: `head -c ${CAP_BYTES} /dev/zero | tr "\\0" x`,
    prints: Buffer.alloc(CAP_BYTES, 'x'),
    isCapped: false,
  },
  {
    what: '1 MiB of NUL',
    program: `head -c ${MIB} /dev/zero`,
    prints: Buffer.alloc(MIB),
    isCapped: false,
  },
  {
    what: 'every byte there is, in no encoding',
    program: 'for n in $(seq 0 255); do printf "\\\\$(printf %03o $n)"; done',
    prints: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
    isCapped: false,
  },
  {
    what: 'characters whose bytes are written apart',
    program:
      'for n in $(seq 20); do printf "\\303"; sleep 0.05; printf "\\244\\342"; sleep 0.05; printf "\\202\\254\\n"; done',
    prints: Buffer.from('ä€\n'.repeat(20)),
    isCapped: false,
  },
];

faultRow(
  {
    row: '16 flood',
    fault: `${FLOOD_SECONDS} s of yes, one line of 40 MB, NUL, no encoding, split characters`,
    cluster: { env: { MAX_OUTPUT_BYTES: String(CAP_BYTES) } },
  },
  async (stage) => {
    const { load, control, figures } = stage;
    const clients = PRINTS.map(({ program, prints, isCapped }) => {
      const key = load.newKey();
      const script = { kind: 'chatty', program, output: prints.toString(), exitCode: 0 } as const;
      return { ...load.run({ key, script }), prints, isCapped };
    });
    // They come through beside the flood, whole and with their own codes.
    await load.mix({ jobs: 12, kinds: ['short', 'failing', 'chatty'] });
    await load.end();
    for (const [index, { operation, prints, isCapped }] of clients.entries()) {
      const { what = '' } = PRINTS[index] ?? {};
      const view = viewOf(operation);
      const kept = await outputOf(stage, view.id);
      expect(sha256(kept), what).toBe(sha256(prints));
      expect(view, what).toMatchObject({ conclusion: 'SUCCESS', outputTruncated: isCapped });
      const { outputBytes = 0 } = view as JobView & { outputBytes?: number };
      figures[what] = `${outputBytes} bytes written, ${kept.length} kept`;
      if (isCapped) {
        await control(`${what} is more than is kept`, outputBytes > CAP_BYTES);
      } else expect(outputBytes).toBe(prints.length);
    }
  },
);

faultRow(
  {
    row: '16 many',
    fault: `${SHORT_JOBS} very short jobs at once`,
    // A small heap: what is garbage is collected soon, and what is none shows.
    cluster: { env: { NODE_OPTIONS: '--max-semi-space-size=1 --max-old-space-size=64' } },
    timeoutMs: 900_000,
  },
  async ({ load, runs, control, figures }) => {
    const started = performance.now();
    // Much faster than they can run. More requests than two APIs can answer on the cores that everything
    // shares would measure only the machine.
    await load.mix({
      jobs: SHORT_JOBS,
      kinds: ['short', 'failing'],
      modes: ['async'],
      everyMs: 10,
      unanswered: 4,
      pollSeconds: 60,
    });
    const accepted = () => load.operations.every(({ acceptedAt }) => acceptedAt !== null);
    await comesTrue(accepted);
    const waiting = load.operations.filter(({ view }) => view === null).length;
    await control('most of the jobs wait at once', waiting > SHORT_JOBS / 2);
    figures['waiting at once'] = String(waiting);
    await load.end();
    const seconds = (performance.now() - started) / 1000;
    figures['jobs per second'] = (SHORT_JOBS / seconds).toFixed(1);
    // No output without a job that ran, and no job that ran twice for it.
    expect(runs()).toHaveLength(SHORT_JOBS);
  },
);

function viewOf({ view }: { readonly view: JobView | null }): JobView {
  if (view === null) throw new Error('A job has no end');
  return view;
}

/** Byte for byte. */
async function outputOf({ cluster }: Stage, id: string): Promise<Buffer> {
  const response = await fetch(`${cluster.apis[0].url}/jobs/${id}/output`);
  return Buffer.from(await response.arrayBuffer());
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
