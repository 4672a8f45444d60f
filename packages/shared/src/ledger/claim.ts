import type { JobTimings } from '../job-result.ts';
import type { JobSpec } from '../job-spec.ts';

/** Somebody else owns the job by now: whatever this worker does must stop, and is not recorded. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
  constructor(id: string) {
    super(`job ${id} belongs to another attempt`);
  }
}

/** What a worker holds that may run a job: the right to change its record, until the lease ends. */
export interface Claim {
  readonly id: string;
  readonly token: string;
  readonly attempt: number;
  /** How often the job has been run again already: see `retryDelayMs`. */
  readonly retries: number;
  readonly spec: JobSpec;
  readonly queueMs: number;
  /** Empty when nobody asked to cancel. */
  readonly cancelReason: string;
}

/** An attempt that an earlier process had begun, of this worker or of one that is gone. */
export interface AdoptedClaim extends Claim {
  /** The worker that had it. */
  readonly previous: { readonly worker: string };
  /** How long its container may have been running already. */
  readonly ranMs: number;
  /** Output that is stored already. */
  readonly recordedBytes: StreamBytes;
  /** What the container had written for that; null when it was stored as it was written. */
  readonly seenBytes: StreamBytes | null;
  /** Of the parts of the attempt that its worker had told of. */
  readonly knownTimings: JobTimings;
}

export type StreamBytes = Readonly<Record<OutputChunk['stream'], number>>;

/**
 * - `claimed`: run it.
 * - `incompatible`: written by an older version that is not read any more: only end it.
 * - `leased`: another worker is on it.
 * - `early`: its next attempt is not due yet.
 * - `held-back`: as many jobs run as may: it waits for a place.
 * - `newer`: written by a newer version: it waits for a worker that reads it.
 * - `missing`: the ledger does not know it; where it has just been submitted: not yet.
 * - `over`: finished, or nothing waits: nothing to do.
 */
export type ClaimOutcome =
  | { readonly kind: 'claimed' | 'incompatible'; readonly claim: Claim }
  | { readonly kind: 'leased' | 'early'; readonly retryAfterMs: number }
  | { readonly kind: 'newer'; readonly id: string }
  | { readonly kind: 'held-back' | 'missing' | 'over' };

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}
