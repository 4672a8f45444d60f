import type { JobTimings } from '../job-result.ts';
import type { PullProgress } from '../pull-progress.ts';
import type { Sandbox } from '../sandbox.ts';

/** What a worker notes of an attempt, in the job's record. */
export interface AttemptFacts {
  readonly containerId?: string;
  readonly imageDigest?: string;
  readonly sandbox?: Sandbox;
  /** Empty when its image had no secret. */
  readonly secretVersion?: string;
  readonly progress?: PullProgress;
  /** Of the parts that are over by now. */
  readonly timings?: JobTimings;
}

/** Facts as fields of a job's hash: name, value, … */
export function factFields(
  attempt: number,
  { sandbox, progress, timings, ...texts }: AttemptFacts,
): string[] {
  const structured = { sandbox, progress, [`attempt:${attempt}:timings`]: timings };
  const known = Object.entries(structured).filter(([, value]) => value !== undefined);
  return [
    ...Object.entries(texts).flat(),
    ...known.flatMap(([name, value]) => [name, JSON.stringify(value)]),
  ];
}
