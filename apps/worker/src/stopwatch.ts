import type { JobTimings } from '@conjob/shared';

/** Times the parts of an attempt, one after the other. */
export class Stopwatch {
  #timings: JobTimings;
  #lapStart = performance.now();

  /** `known`: of the parts that are over already. */
  constructor(known: JobTimings) {
    this.#timings = known;
  }

  get timings(): JobTimings {
    return this.#timings;
  }

  /** Books the time since the last lap on this part. */
  lap(part: keyof JobTimings): void {
    const now = performance.now();
    this.add(part, Math.round(now - this.#lapStart));
    this.#lapStart = now;
  }

  /** Books time that an earlier process saw. */
  add(part: keyof JobTimings, milliseconds: number): void {
    this.#timings = { ...this.#timings, [part]: (this.#timings[part] ?? 0) + milliseconds };
  }
}
