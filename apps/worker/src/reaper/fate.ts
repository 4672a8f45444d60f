import type { ContainerState } from '../engine/engine.ts';
import { blindPatienceMs, type Observation, patienceMs } from './observation.ts';

/** What is to happen to a container. */
export type Fate =
  /** `dueInMs`: when it will be something else, unless something changes. */
  | { readonly kind: 'leave'; readonly dueInMs: number }
  /** Ends it, and leaves it until the ledger has ended the attempt. */
  | { readonly kind: 'kill'; readonly why: string }
  | { readonly kind: 'remove'; readonly why: string }
  /** It ended and nobody reads it any more: its job may still want it kept for a while. */
  | { readonly kind: 'retire'; readonly why: string };

/**
 * So long, a container that the ledger gives to nobody is left: its worker may have recorded the end this
 * very moment, and be about to remove it.
 */
export const GRACE_MS = 10_000;

/** Decides by what was seen, `now` on the clock by which it was seen. */
export function fateOf(
  status: ContainerState['status'],
  observation: Observation,
  now: number,
): Fate {
  switch (observation.kind) {
    case 'unknown': {
      const { since, leaseMs } = observation;
      if (leaseMs === null) return leave(Number.POSITIVE_INFINITY);
      const why = 'Redis could not be asked about it';
      return fateOfLeased(status, since + blindPatienceMs(leaseMs) - now, why);
    }
    case 'leased': {
      const { renewedAt, leaseMs } = observation;
      const why = 'its lease was not renewed';
      return fateOfLeased(status, renewedAt + patienceMs(leaseMs) - now, why);
    }
    case 'unneeded':
      return fateOfUnneeded(status, observation);
  }
}

function fateOfLeased(status: ContainerState['status'], leftMs: number, why: string): Fate {
  if (leftMs > 0) return leave(leftMs);
  switch (status) {
    case 'running':
      return { kind: 'kill', why };
    case 'created':
      // A worker that wakes up must not start it any more.
      return { kind: 'remove', why };
    case 'exited':
      return leave(Number.POSITIVE_INFINITY);
  }
}

type Unneeded = Extract<Observation, { kind: 'unneeded' }>;

/** Nothing that the ledger could say changes it any more: only its time to be kept is to be waited for. */
export function isSettled(status: ContainerState['status'], observation: Observation): boolean {
  if (status !== 'exited' || observation.kind !== 'unneeded') return false;
  return observation.seenAt - observation.since >= GRACE_MS;
}

function fateOfUnneeded(
  status: ContainerState['status'],
  { isReplaced, since, seenAt }: Unneeded,
): Fate {
  if (isReplaced && status === 'running') {
    return { kind: 'kill', why: 'a later attempt of its job is running' };
  }
  // Seen, not just remembered: without Redis, time alone proves nothing.
  if (seenAt - since < GRACE_MS) return leave(since + GRACE_MS - seenAt);
  const why = 'nobody needs it';
  return status === 'exited' ? { kind: 'retire', why } : { kind: 'remove', why };
}

function leave(dueInMs: number): Fate {
  return { kind: 'leave', dueInMs };
}
