type Release = () => Promise<void> | void;

/**
 * Last in, first out: whatever opens something pushes its closer. `releaseAll` runs each once, in
 * reverse, goes on when one fails, and then throws the first failure.
 */
export class Releasers {
  readonly #releases: Release[] = [];

  push(release: Release): void {
    this.#releases.push(release);
  }

  async releaseAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let release = this.#releases.pop(); release; release = this.#releases.pop()) {
      try {
        await release();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
