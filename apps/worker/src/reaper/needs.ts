import { LABELS } from '../engine/labels.ts';
import type { PassEntry } from './reaper.ts';

/**
 * Whether a container still needs a reaper whose worker is gone. One that is renewed since then has a live
 * worker, which has a reaper of its own; and what is only kept for its owner can wait for the next one.
 */
export function needsReaper(
  { container, observation, fate }: PassEntry,
  aloneSince: number,
): boolean {
  const isKept = Number(container.labels[LABELS.keepSeconds] ?? 0) > 0;
  if (fate.kind === 'retire') return !isKept;
  return !(observation.kind === 'leased' && observation.renewedAt > aloneSince);
}
