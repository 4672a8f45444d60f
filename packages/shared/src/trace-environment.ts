import type { JobSpec } from './job-spec.ts';

/**
 * What a container is told of the trace that its job belongs to (W3C Trace Context, as OpenTelemetry carries it
 * in environments). Nothing where the caller has none. A variable of the job's own comes before it.
 */
export function traceEnvironment({
  traceparent,
}: Pick<JobSpec, 'traceparent'>): Record<string, string> {
  return traceparent === undefined ? {} : { TRACEPARENT: traceparent };
}
