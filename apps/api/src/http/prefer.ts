/** Node's timers hold no more milliseconds than this. */
const LONGEST_TIMER_SECONDS = 2_147_483;

/** N of `Prefer: wait=N` (RFC 7240). A preference that can't be read is ignored, as the RFC says. */
export function preferredWaitSeconds(prefer: string | undefined): number | undefined {
  for (const preference of prefer?.split(',') ?? []) {
    const match = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(;.*)?$/i.exec(preference);
    if (match) return Math.min(Number(match[1]), LONGEST_TIMER_SECONDS);
  }
  return undefined;
}
