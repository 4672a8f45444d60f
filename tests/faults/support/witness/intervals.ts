/** What an engine says of one container of a job; times in milliseconds since the epoch. */
export interface ContainerEvent {
  readonly at: number;
  readonly engine: string;
  readonly action: 'start' | 'die' | 'destroy';
  readonly container: string;
  readonly job: string;
  readonly attempt: string;
}

/** From start to death; `until` is infinite while it runs. */
export interface Interval {
  readonly engine: string;
  readonly container: string;
  readonly job: string;
  readonly attempt: string;
  readonly from: number;
  readonly until: number;
}

/** No process of this host, or of its containers, could do anything. */
export interface Standstill {
  readonly engine: string;
  readonly from: number;
  readonly until: number;
}

/** The runs of all containers, in the order in which they began. */
export function intervalsOf(events: readonly ContainerEvent[]): Interval[] {
  const done: Interval[] = [];
  const open = new Map<string, ContainerEvent>();
  for (const event of events.toSorted((one, other) => one.at - other.at)) {
    const start = open.get(event.container);
    if (event.action === 'start') {
      open.set(event.container, start ?? event);
    } else if (start !== undefined) {
      done.push(interval(start, event.at));
      open.delete(event.container);
    }
  }
  const running = [...open.values()].map((start) => interval(start, Infinity));
  return [...done, ...running].toSorted((one, other) => one.from - other.from);
}

function interval(start: ContainerEvent, until: number): Interval {
  const { engine, container, job, attempt, at: from } = start;
  return { engine, container, job, attempt, from, until };
}

export function openIntervals(events: readonly ContainerEvent[]): Interval[] {
  return intervalsOf(events).filter(({ until }) => until === Infinity);
}

/** The longest time in which two containers of one job ran at once; 0 when none did. */
export function overlapMs(intervals: readonly Interval[]): number {
  let longest = 0;
  for (const [index, one] of intervals.entries()) {
    for (const other of intervals.slice(index + 1)) {
      longest = Math.max(
        longest,
        Math.min(one.until, other.until) - Math.max(one.from, other.from),
      );
    }
  }
  return longest;
}

/** Without the times in which its host stood still: there a container is, and does not run. */
export function withoutStandstills(
  intervals: readonly Interval[],
  standstills: readonly Standstill[],
): Interval[] {
  return standstills.reduce<Interval[]>(
    (runs, { engine, from, until }) =>
      runs
        .flatMap((run) => {
          if (run.engine !== engine) return [run];
          const before = { ...run, until: Math.min(run.until, from) };
          const after = { ...run, from: Math.max(run.from, until) };
          return [before, after];
        })
        .filter((run) => run.until > run.from),
    [...intervals],
  );
}

/** How many ran at once at the most. */
export function mostAtOnce(intervals: readonly Pick<Interval, 'from' | 'until'>[]): number {
  const steps = intervals
    .flatMap(({ from, until }) => [
      { at: from, by: 1 },
      { at: until, by: -1 },
    ])
    // One that ends when another begins makes room for it.
    .toSorted((one, other) => one.at - other.at || one.by - other.by);
  let now = 0;
  let most = 0;
  for (const { by } of steps) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}
