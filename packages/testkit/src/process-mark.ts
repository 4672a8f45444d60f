import { processesOf, processesWith, signalAll } from './processes-of.ts';

const NAME = 'CONJOB_TEST_PROCESS';
/** The test run, and the process of this test file. */
const OURS = `${NAME}=${process.ppid}.${process.pid}.`;

/** Tells a process of a test, and all that it starts, from all others of this machine. */
export interface ProcessMark {
  /** For its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Those that have it and live, whoever their parent is by now: a reaper outlives the worker that started it. */
  pids(): number[];
}

export function newProcessMark(): ProcessMark {
  const mark = `${OURS}${Math.random().toString(36).slice(2)}`;
  return {
    env: { [NAME]: mark.slice(NAME.length + 1) },
    pids: () => processesOf(mark),
  };
}

/** All processes with a mark of this test file that live. */
export function markedProcesses(): number[] {
  return processesWith((entry) => entry.startsWith(OURS));
}

/**
 * For the end of a test run, in the process that has started those of its files: ends what one of them has left that
 * could not look for it itself any more, and throws then.
 */
export function expectNoMarkedProcesses(): void {
  const left = processesWith((entry) => entry.startsWith(`${NAME}=${process.pid}.`));
  signalAll(left, 'SIGKILL');
  if (left.length > 0) throw new Error(`The tests left behind: processes ${left.join(', ')}`);
}
