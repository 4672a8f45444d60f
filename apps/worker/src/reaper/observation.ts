import type { JobHolder } from '@conjob/shared';

/**
 * What a reaper has seen of one container's job, in milliseconds of its own monotonic clock. It goes by
 * what it sees, not by the times in the ledger: a clock that jumps, or two that differ, end no lease.
 */
export type Observation =
  /** Redis could not be read since the container was first seen. */
  | {
      readonly kind: 'unknown';
      readonly since: number;
      /** By its label; null when it tells none. */
      readonly leaseMs: number | null;
    }
  /** The ledger gives the container a lease. */
  | {
      readonly kind: 'leased';
      /** As the ledger has it. Changes with each renewal. */
      readonly leaseUntil: number;
      readonly leaseMs: number;
      /** When it was renewed: never later than it really was. */
      readonly renewedAt: number;
      readonly seenAt: number;
    }
  /** The job is over, unknown, queued, or held by another attempt. */
  | {
      readonly kind: 'unneeded';
      /** A later attempt of the job is running: this one must not. */
      readonly isReplaced: boolean;
      readonly since: number;
      readonly seenAt: number;
    };

/** One look into the ledger. */
export interface Look {
  /** By the clock of the reaper, before the ledger was asked. */
  readonly at: number;
  /** By the clock of Redis. */
  readonly redisNow: number;
}

/** How long a lease is watched at least, before it can be over: in that time a live worker renews it. */
const MAX_FIRST_WATCH_MS = 10_000;

/** What is known after a look that found `holder` for the container of `attempt`. */
export function observe(
  before: Observation,
  attempt: number,
  holder: JobHolder | null,
  look: Look,
): Observation {
  if (holder?.state !== 'running' || holder.attempt !== attempt || holder.leaseUntil === null) {
    return {
      kind: 'unneeded',
      isReplaced: holder?.state === 'running' && holder.attempt > attempt,
      since: before.kind === 'unneeded' ? before.since : look.at,
      seenAt: look.at,
    };
  }
  const { leaseUntil, leaseMs } = holder;
  const isUnchanged = before.kind === 'leased' && before.leaseUntil === leaseUntil;
  const renewedAt = isUnchanged
    ? before.renewedAt
    : look.at - ageMs({ leaseUntil, leaseMs }, before, look);
  return { kind: 'leased', leaseUntil, leaseMs, renewedAt, seenAt: look.at };
}

/**
 * How long ago a lease that was not seen before was renewed. The clock of Redis tells, which wrote it, as
 * far as that is plausible: it can't have been before the last look, and where there was none, enough of
 * the lease is left to see whether anybody renews it.
 */
function ageMs(
  { leaseUntil, leaseMs }: { readonly leaseUntil: number; readonly leaseMs: number },
  before: Observation,
  { at, redisNow }: Look,
): number {
  const toldMs = Math.max(0, redisNow - (leaseUntil - leaseMs));
  const possibleMs =
    before.kind === 'leased'
      ? at - before.seenAt
      : patienceMs(leaseMs) - Math.min(leaseMs / 3, MAX_FIRST_WATCH_MS);
  return Math.min(toldMs, possibleMs);
}

/**
 * How long a container is left of which nothing is known. It was claimed, and its lease last seen to be
 * renewed, at most a third of the lease before it was seen here: a sixth is between two renewals, and
 * another between two looks. So this still is within the lease, and its worker has had the time to end
 * it, if that is cut off from Redis too.
 */
export function blindPatienceMs(leaseMs: number): number {
  return 0.65 * leaseMs;
}

/**
 * How long after its last renewal a lease is taken for over. Workers end what they run after 0.6 of it; what
 * is left after this leaves time to kill before anybody else may run the job.
 */
export function patienceMs(leaseMs: number): number {
  return 0.8 * leaseMs;
}
