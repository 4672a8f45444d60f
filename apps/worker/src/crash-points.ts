import type { JobSpec } from '@conjob/shared';

/**
 * Points in the way of a job where its worker can be made to die, in their order:
 * - `claimed`: the ledger has given the job; `pulled`: the image is there; `created`: the container is.
 * - `started`: the ledger has it that the container is started, and the engine was not asked yet.
 * - `running`: the engine has said that it runs. `exited`: the end is known, and not yet noted.
 * - `collected`: all output is stored. `recorded`: the result is. `removed`: the container is gone.
 */
export const CRASH_POINTS = [
  'claimed',
  'pulled',
  'created',
  'started',
  'running',
  'exited',
  'collected',
  'recorded',
  'removed',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];

/** To be called whenever a job passes a point. */
export type CrashPoints = (point: CrashPoint, spec: Pick<JobSpec, 'labels'>) => void;

export interface CrashPlan {
  /** Undefined: nowhere. */
  readonly at: CrashPoint | undefined;
  /** Only with jobs that have this label. */
  readonly label: { readonly name: string; readonly value: string } | undefined;
}

/** A facility of tests: kills this process, as `kill -9` does, when a job gets to the point. */
export function createCrashPoints({ at, label }: CrashPlan, die = killMyself): CrashPoints {
  if (at === undefined) return () => {};
  return (point, { labels }) => {
    if (point === at && (label === undefined || labels[label.name] === label.value)) die();
  };
}

function killMyself(): void {
  process.kill(process.pid, 'SIGKILL');
}
