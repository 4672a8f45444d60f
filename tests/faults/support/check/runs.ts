import {
  type Interval,
  intervalsOf,
  mostAtOnce,
  overlapMs,
  withoutStandstills,
} from '../witness/intervals.ts';
import type { Evidence, Tolerance, Violation } from './evidence.ts';

type Seen = Pick<Evidence, 'events'>;
type Running = Pick<Evidence, 'events' | 'stoodStill'>;

/** How long containers of one job ran at once, at the worst; 0 when none did. */
export function worstOverlapMs(seen: Running): number {
  return Math.max(0, ...[...runningByJob(seen).values()].map(overlapMs));
}

/** I3: the containers of one job never run at once. */
export function attemptsDoNotOverlap(
  seen: Running,
  { overlapMs: margin = 0 }: Tolerance = {},
): Violation[] {
  return [...runningByJob(seen)].flatMap(([job, runs]) => {
    const overlap = overlapMs(runs);
    return overlap > margin
      ? [{ invariant: 'I3' as const, says: `${job} ran twice at once for ${overlap} ms` }]
      : [];
  });
}

/** P3: started at most once, unless the job asks for more. */
export function jobsStartOnce({ events, jobs }: Seen & Pick<Evidence, 'jobs'>): Violation[] {
  return [...byJob(events)].flatMap(([job, runs]) =>
    runs.length > askedStarts(jobs.get(job)?.spec)
      ? [{ invariant: 'P3' as const, says: `${job} was started ${runs.length} times` }]
      : [],
  );
}

/** By the spec as it was accepted. */
function askedStarts(spec = '{}'): number {
  const { retry } = JSON.parse(spec) as { readonly retry?: { readonly maxAttempts: number } };
  return retry?.maxAttempts ?? 1;
}

/** I9: never more containers than slots, and at rest no slot is taken. */
export function slotsHold({
  events,
  slots,
  runningAtRest,
}: Pick<Evidence, 'events' | 'slots' | 'runningAtRest'>): Violation[] {
  const runs = intervalsOf(events);
  const over = [...slots].flatMap(([engine, limit]) => {
    const most = mostAtOnce(runs.filter((run) => run.engine === engine));
    return most > limit ? [`${engine} ran ${most} containers with ${limit} slots`] : [];
  });
  const stuck =
    runningAtRest === 0 ? [] : [`${runningAtRest ?? 'unknown'} slots are taken at rest`];
  return [...over, ...stuck].map((says) => ({ invariant: 'I9', says }));
}

function runningByJob({ events, stoodStill }: Running): Map<string, Interval[]> {
  return Map.groupBy(withoutStandstills(intervalsOf(events), stoodStill), ({ job }) => job);
}

/** I9: never more containers, on all engines together, than an operator lets run at once. */
export function runLimitsHold({
  events,
  runLimits,
}: Pick<Evidence, 'events' | 'runLimits'>): Violation[] {
  const runs = intervalsOf(events);
  return runLimits.flatMap(({ most, from, until }) => {
    const within = runs
      .filter((run) => run.until > from && run.from < until)
      .map((run) => ({ from: Math.max(run.from, from), until: Math.min(run.until, until) }));
    const seen = mostAtOnce(within);
    return seen > most
      ? [
          {
            invariant: 'I9' as const,
            says: `${seen} containers ran at once with a limit of ${most}`,
          },
        ]
      : [];
  });
}

function byJob(events: Evidence['events']): Map<string, Interval[]> {
  return Map.groupBy(intervalsOf(events), ({ job }) => job);
}
