import type { Step } from './steps.ts';
import type { Span } from './summarize-steps.ts';

/** For how many ms of a job's way to its answer, `span`, its worker was asking nothing of the engine. */
export function withoutEngineMs(steps: readonly Step[], { begin, end }: Span): number {
  const calls = steps
    .filter(({ app, what }) => app === 'worker' && what.startsWith('engine '))
    .filter((call) => call.begin < end && call.end > begin)
    .toSorted((a, b) => a.begin - b.begin);
  let left = end - begin;
  let until = begin;
  for (const call of calls) {
    const from = Math.max(call.begin, until);
    const to = Math.min(call.end, end);
    left -= Math.max(0, to - from);
    until = Math.max(until, to);
  }
  return left;
}
