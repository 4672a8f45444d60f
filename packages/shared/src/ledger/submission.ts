import type { JobSpec } from '../job-spec.ts';
import type { LimitName, LimitValues } from '../limits.ts';

/** The limits by which a spec is checked. */
export type SpecLimits = Pick<LimitValues, 'maxTimeoutSeconds' | 'maxKillTimeoutSeconds'>;

export interface Submission {
  readonly id: string;
  readonly spec: JobSpec;
  /** Whose it is: groups take turns. Default: {@link DEFAULT_GROUP}. */
  readonly group?: string | undefined;
  /** Bytes for standard input; undefined exactly when `spec.stdinBytes` is null. */
  readonly input?: Buffer | undefined;
  /** Hash of the caller's Idempotency-Key, and of the request that came with it. */
  readonly idempotency?: { readonly keyHash: string; readonly fingerprint: string } | undefined;
  /** Refused when as many jobs run, or are promised to run next, as may: not one that waits for a place. */
  readonly needsPlace?: boolean | undefined;
  /** By which its spec was checked: not taken when they are others by now. Undefined: they have just been asked for. */
  readonly checkedBy?: SpecLimits | undefined;
}

/** How many new jobs a second takes, and how many more it takes now. */
export interface JobRate {
  readonly allowed: number;
  readonly left: number;
}

/**
 * `replayed`: the key was used for the same request; `conflict`: for another one. There is no job when it was `refused`
 * by a limit, or checked by limits that are `outdated`.
 */
export type Acceptance =
  | {
      readonly outcome: 'accepted' | 'replayed' | 'conflict';
      readonly id: string;
      /** Null where no limit was asked. */
      readonly rate: JobRate | null;
    }
  | {
      readonly outcome: 'refused';
      readonly id: null;
      readonly limit: LimitName;
      readonly allowed: number;
      readonly rate: JobRate | null;
    }
  | { readonly outcome: 'outdated'; readonly id: null; readonly rate: null };
