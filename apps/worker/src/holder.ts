import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, as others can tell it apart. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** Changes when the machine starts; empty where that can't be known. */
  readonly boot: string;
  /** In which process ids mean the same; empty where that can't be known. */
  readonly pidNamespace: string;
}

/** Who holds a worker's name. */
export interface Holder extends ProcessIdentity {
  /** Process ids come again, above all in containers. */
  readonly instance: string;
}

export function thisProcess(): ProcessIdentity {
  return {
    host: hostname(),
    pid: process.pid,
    boot: orNothing(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: orNothing(() => readlinkSync('/proc/self/ns/pid')),
  };
}

/**
 * Whether another holder of our name is known to be dead. One of this machine with our very process id
 * is: it had the id before us, in this container before it was restarted, say. With another id it can be
 * looked for, but only where ids mean the same.
 */
export function isDeadHere(theirs: Holder, ours: Holder): boolean {
  if (theirs.host !== ours.host || theirs.boot !== ours.boot) return false;
  if (theirs.pid === ours.pid) return theirs.instance !== ours.instance;
  return theirs.pidNamespace === ours.pidNamespace && !isAlive(theirs.pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function orNothing(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
