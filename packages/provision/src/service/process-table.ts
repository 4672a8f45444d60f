import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly args: readonly string[];
}

/** When a process was started, in clock ticks since boot: with the pid, its identity. */
export function startTicks(pid: number): string | undefined {
  return statFields(pid)?.[19];
}

/** Whether a process of that pid runs; one that ended but was not yet waited for does not. */
export function isAlive(pid: number): boolean {
  const state = statFields(pid)?.[0];
  if (state !== undefined) return state !== 'Z' && state !== 'X';
  if (process.platform === 'linux') return false;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** All processes of this machine; empty where there is no /proc. */
export function processTable(): ProcessEntry[] {
  return processIds().flatMap((pid) => {
    const fields = statFields(pid);
    const args = commandLine(pid);
    return fields === undefined || args === undefined || fields[0] === 'Z'
      ? []
      : [{ pid, parentPid: Number(fields[1]), args }];
  });
}

/** The arguments a process was started with, or `undefined` if it is gone. */
export function commandLine(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return undefined;
  }
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** The fields of /proc/PID/stat from the third ("state") on: the second may hold blanks. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
