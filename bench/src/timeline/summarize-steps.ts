import { median } from '../report/statistics.ts';
import type { Step } from './steps.ts';

/** When a job began and was removed, for a client, in ms since the epoch. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

/** The same step of several jobs. Medians in ms. */
export interface StepSummary {
  readonly app: string;
  readonly what: string;
  /** Since the client sent its request. Steps that wait for something may have begun before: negative. */
  readonly beginMs: number;
  readonly endMs: number;
  readonly tookMs: number;
}

interface Seen {
  readonly step: Step;
  readonly span: Span;
}

/** Steps of which most jobs have one, in the order in which they end. The second of a kind within a job is another step. */
export function summarizeSteps(steps: readonly Step[], jobs: readonly Span[]): StepSummary[] {
  const byKey = new Map<string, Seen[]>();
  for (const span of jobs) {
    const counts = new Map<string, number>();
    const own = steps.filter(({ end }) => end >= span.begin && end <= span.end);
    for (const step of own.toSorted((a, b) => a.begin - b.begin)) {
      const name = `${step.app} ${step.what}`;
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      const key = `${name} ${count}`;
      byKey.set(key, [...(byKey.get(key) ?? []), { step, span }]);
    }
  }
  return [...byKey.values()]
    .filter((seen) => seen.length > jobs.length / 2)
    .map((seen) => {
      const [
        {
          step: { app, what },
        },
      ] = seen as [Seen];
      const of = (value: (step: Step, span: Span) => number) =>
        median(seen.map(({ step, span }) => value(step, span)));
      return {
        app,
        what,
        beginMs: of((step, span) => step.begin - span.begin),
        endMs: of((step, span) => step.end - span.begin),
        tookMs: of((step) => step.end - step.begin),
      };
    })
    .toSorted((a, b) => a.endMs - b.endMs);
}
