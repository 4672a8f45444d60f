import { readFileSync } from 'node:fs';

/** What /proc counts CPU time in: a hundredth of a second on every Linux that Node runs on. */
const MS_PER_TICK = 10;

/** CPU time of one process so far, all threads, ended children not included. */
export function processCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // From the third field on: the second, the name, may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** CPU time of the whole machine so far, processes that have ended included. */
export function machineCpuMs(): number {
  const [, ...ticks] = (readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? '').split(/ +/);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = ticks.map(Number);
  return (user + nice + system + irq + softirq) * MS_PER_TICK;
}

/** The most memory that a process ever held at a time. */
export function peakMemoryBytes(pid: number): number {
  return bytesOf(pid, 'VmHWM');
}

/** The memory that a process holds at this moment. */
export function residentBytes(pid: number): number {
  return bytesOf(pid, 'VmRSS');
}

function bytesOf(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kibibytes === undefined) throw new Error(`/proc/${pid}/status has no ${field}`);
  return Number(kibibytes) * 1024;
}
