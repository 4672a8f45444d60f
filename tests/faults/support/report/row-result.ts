/** What one row showed, in one run with one seed. */
export interface RowResult {
  /** `3`, or `3 claimed` for one of several forms. */
  readonly row: string;
  readonly fault: string;
  readonly seed: number;
  readonly operations: number;
  readonly ok: number;
  readonly fail: number;
  readonly unknown: number;
  readonly lost: number;
  readonly doubled: number;
  readonly overlapMs: number;
  readonly orphans: number;
  /** From the healing of each fault until the product was itself again. */
  readonly recoveryMs: readonly number[];
  readonly peakBytes: number;
  /** What showed that the fault was really there. */
  readonly controls: readonly string[];
  readonly figures: Readonly<Record<string, string>>;
  readonly violations: readonly string[];
  readonly tookMs: number;
}

declare module 'vitest' {
  interface TaskMeta {
    faultRow?: RowResult;
  }
}
