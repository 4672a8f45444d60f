import { fits, type JobRecord, labelsText, type WorkerInfo } from '@conjob/shared';

/** More names than these help nobody. */
const MAX_NAMES = 5;

export interface WaitingCircumstances {
  /** Of all installations' workers, in any state. */
  readonly workers: readonly WorkerInfo[];
  /** 1 for the job that is taken next. */
  readonly position: number;
  /** How many jobs run, on all workers together, and how many may. */
  readonly running: number;
  readonly maxConcurrentRuns: number;
  /** By the clock of Redis, as the times of jobs. */
  readonly now: number;
}

/** Why a queued job has not started: first what keeps it from ever starting, then what only takes time. */
export function waitingReason(
  { spec, version, retryAt }: Pick<JobRecord, 'spec' | 'version' | 'retryAt'>,
  { workers, position, running, maxConcurrentRuns, now }: WaitingCircumstances,
): string {
  const alive = workers.filter(({ state }) => state !== 'lost');
  if (alive.length === 0) return 'No worker is running.';
  const fitting = alive.filter(({ labels }) => fits(spec.requires, labels));
  if (fitting.length === 0) return `No worker has the ${named(spec.requires)}.`;
  const able = fitting.filter(({ recordVersion }) => recordVersion >= version);
  if (able.length === 0) {
    return 'It was written by a newer version of ConJob than any worker that fits reads.';
  }
  const ready = able.filter(({ state }) => state === 'ready');
  if (ready.length === 0) return `No worker that fits takes jobs: ${idle(able)}.`;
  if (retryAt !== null && retryAt > now) {
    return `It waits until ${new Date(retryAt).toISOString()} for its next attempt.`;
  }
  if (running >= maxConcurrentRuns) return limitIsMet(maxConcurrentRuns);
  if (ready.every(({ running, slots }) => running >= slots)) return `${allSlots(ready)} busy.`;
  if (position > 1) return `It is taken after the ${counted(position - 1, 'job')} before it.`;
  return 'It is about to be taken.';
}

function limitIsMet(allowed: number): string {
  if (allowed === 0) return 'No job may run at all: the limit of concurrent runs is 0.';
  return `No more than ${counted(allowed, 'job')} may run at once, on all workers together.`;
}

function named(requires: JobRecord['spec']['requires']): string {
  const plural = Object.keys(requires).length === 1 ? '' : 's';
  return `label${plural} ${labelsText(requires)}`;
}

/** `w1 is draining (new kernel), w2 is unready (its engine does not answer)`. */
function idle(workers: readonly WorkerInfo[]): string {
  const said = workers.slice(0, MAX_NAMES).map(({ name, state, reason }) => {
    const why = reason === null ? '' : ` (${reason.replace(/\.$/, '')})`;
    return `${name} is ${state}${why}`;
  });
  const more = workers.length - said.length;
  return [...said, ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

function allSlots(workers: readonly WorkerInfo[]): string {
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const subject = slots === 1 ? 'The one slot' : `All ${slots} slots`;
  return `${subject} of the ${counted(workers.length, 'worker')} that could take it ${slots === 1 ? 'is' : 'are'}`;
}

function counted(count: number, noun: string): string {
  return count === 1 ? `one ${noun}` : `${count} ${noun}s`;
}
