/** A job that waits, and what decides about its place. */
export interface Waiting {
  readonly id: string;
  readonly group: string;
  readonly priority: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Who is next, as simple as can be: groups in a ring, and a line of jobs for each. */
export class LinesModel {
  readonly #ring: { readonly group: string; line: Waiting[] }[] = [];

  get waiting(): Waiting[] {
    return this.#ring.flatMap(({ line }) => line);
  }

  get groups(): string[] {
    return this.#ring.map(({ group }) => group);
  }

  join(job: Waiting): void {
    let entry = this.#ring.find(({ group }) => group === job.group);
    if (entry === undefined) {
      entry = { group: job.group, line: [] };
      this.#ring.push(entry);
    }
    entry.line.push(job);
    entry.line.sort(
      (a, b) => b.priority - a.priority || a.since - b.since || (a.id < b.id ? -1 : 1),
    );
  }

  leave(id: string): void {
    const index = this.#ring.findIndex(({ line }) => line.some((job) => job.id === id));
    const entry = this.#ring[index];
    if (entry === undefined) return;
    entry.line = entry.line.filter((job) => job.id !== id);
    if (entry.line.length === 0) this.#ring.splice(index, 1);
  }

  take(): Waiting | undefined {
    const entry = this.#ring.shift();
    const job = entry?.line.shift();
    if (entry !== undefined && entry.line.length > 0) this.#ring.push(entry);
    return job;
  }
}
