import type { ContainerState } from './engine/engine.ts';

/** How long ago it ended; 0 for one that did not. */
export function endedForMs(state: ContainerState | null): number {
  const finishedAt = state?.finishedAt ?? null;
  return finishedAt === null ? 0 : Math.max(0, Date.now() - finishedAt);
}
