/** How a job ends that nobody cancels. */
export interface End {
  readonly conclusion: 'SUCCESS' | 'FAILURE' | 'NOT_FOUND' | 'CANCELLED';
  readonly exitCode: number;
  readonly error: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a job does, and what comes of it. */
export interface Program {
  readonly image: string;
  readonly args: readonly string[];
  /** Labels of a worker: there is none that has any. */
  readonly requires?: Readonly<Record<string, string>>;
  /** Null: it goes on until it is cancelled, or waits until then. */
  readonly end: End | null;
}

export const IMAGES = ['docker.io/library/tools:latest', 'docker.io/library/tools:2'] as const;

const plain = { error: null, stdout: '', stderr: '' };
const missing = { ...plain, conclusion: 'NOT_FOUND', exitCode: -1 } as const;

/** In the language of the fake engine, which is that of a real one with a busybox. */
export const PROGRAMS = {
  prints: {
    image: 'tools',
    args: ['echo', 'one two'],
    end: { ...plain, conclusion: 'SUCCESS', exitCode: 0, stdout: 'one two\n' },
  },
  fails: {
    image: 'tools:2',
    args: ['sh', '-c', 'echo out; echo err >&2; exit 3'],
    end: { ...plain, conclusion: 'FAILURE', exitCode: 3, stdout: 'out\n', stderr: 'err\n' },
  },
  lacksImage: { image: 'absent', args: [], end: { ...missing, error: 'image.not_local' } },
  hangs: { image: 'tools:2', args: untilTold('exit 0'), end: null },
  /** Takes its time to end, so that others may cancel it as well. */
  lingers: { image: 'tools:2', args: untilTold('sleep 0.2; exit 0'), end: null },
  waits: { image: 'tools', args: ['echo', 'never'], requires: { gpu: 'h100' }, end: null },
} as const satisfies Record<string, Program>;

function untilTold(then: string): string[] {
  return ['sh', '-c', `trap '${then}' TERM; echo up; while :; do sleep 1; done`];
}

export type ProgramName = keyof typeof PROGRAMS;

export function programOf(name: ProgramName): Program {
  return PROGRAMS[name];
}

export const CANCELLED: End = {
  ...plain,
  conclusion: 'CANCELLED',
  exitCode: -1,
  error: 'run.cancelled',
};
