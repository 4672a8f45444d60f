import { LABELS } from '../engine/labels.ts';
import type { PassEntry, PassReport } from './reaper.ts';

/** A reaper without a worker stays no longer, whatever is left: somebody has to look. */
const MAX_ALONE_MS = 6 * 3_600_000;
/** The same without an engine that answers. */
const MAX_ALONE_WITHOUT_ENGINE_MS = 600_000;

/** What a reaper without a worker knows. Times are of its own monotonic clock, in milliseconds. */
export interface Alone {
  readonly since: number;
  /** When the engine answered last. */
  readonly engineSeenAt: number;
  /** Null when nothing is known. */
  readonly report: Pick<PassReport, 'entries'> | null;
  readonly hasHelpers: boolean;
}

/** Whether there is nothing more to do for it, or it has waited long enough. */
export function isDone({ since, engineSeenAt, report, hasHelpers }: Alone, now: number): boolean {
  if (now - since > MAX_ALONE_MS) return true;
  if (now - Math.max(engineSeenAt, since) > MAX_ALONE_WITHOUT_ENGINE_MS) return true;
  return report !== null && !hasHelpers && !report.entries.some((it) => needsReaper(it, since));
}

/**
 * Whether a container still needs a reaper whose worker is gone. One that is renewed since then has a live
 * worker, which has a reaper of its own; and what is only kept for its owner can wait for the next one.
 */
export function needsReaper(
  { container, observation, fate }: PassEntry,
  aloneSince: number,
): boolean {
  const isKept = Number(container.labels[LABELS.keepSeconds] ?? 0) > 0;
  // Also before it is seen long enough to be nobody's: nothing else can come of it.
  if (isKept && container.status === 'exited' && observation.kind === 'unneeded') return false;
  if (fate.kind === 'retire') return true;
  return !(observation.kind === 'leased' && observation.renewedAt > aloneSince);
}
