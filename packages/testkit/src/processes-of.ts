import { readFileSync } from 'node:fs';
import { processTable } from '@conjob/provision';

/**
 * The processes that were given `mark` in their environment, whoever their parent is by now: a
 * reaper outlives the worker that started it.
 */
export function processesOf(mark: string): number[] {
  return processesWith((entry) => entry === mark);
}

/** The same by any entry of their environment. */
export function processesWith(isMark: (entry: string) => boolean): number[] {
  return processTable()
    .filter(({ pid }) => environmentOf(pid).some(isMark))
    .map(({ pid }) => pid);
}

export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return []; // gone meanwhile
  }
}
