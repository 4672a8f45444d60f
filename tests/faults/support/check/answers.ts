import type { Call } from '../load/client.ts';
import type { Evidence, Tolerance, Violation } from './evidence.ts';

/** What an API may answer to a request that is in order. */
const DOCUMENTED = new Set([200, 202, 204, 503]);

/** I6: every request gets a documented answer in time, as long as the API that it asks is there. */
export function answersInTime(
  { calls, down }: Pick<Evidence, 'calls' | 'down'>,
  { mayMiss = () => false }: Tolerance = {},
): Violation[] {
  return calls
    .filter((call) => !mayMiss(call))
    .flatMap((call) => wrong(call, wasDown(call, down)))
    .map((says) => ({ invariant: 'I6', says }));
}

function wrong(call: Call, isExcused: boolean): string[] {
  const { api, request, status, error, conclusion, from, until, limitMs } = call;
  const asked = `${request} at ${api}`;
  if (status === null) return isExcused ? [] : [`${asked} got no answer (${error})`];
  // The end of a run has a status of its own, and says so in a header.
  if (!DOCUMENTED.has(status) && conclusion === null) return [`${asked} was answered ${status}`];
  const took = until - from;
  return took > limitMs ? [`${asked} took ${took} ms instead of ${limitMs}`] : [];
}

function wasDown({ api, from, until }: Call, down: Evidence['down']): boolean {
  return (down.get(api) ?? []).some((period) => period.from <= until && period.until >= from);
}
