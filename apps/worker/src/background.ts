/** Work that nobody waits for, but not without bounds: a host that falls behind slows who adds to it. */
export class Background {
  readonly #limit: number;
  readonly #underWay = new Set<Promise<void>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Starts a task, which must not throw. Resolves at once, or as soon as there is room for it. */
  async add(task: () => Promise<void>): Promise<void> {
    const running: Promise<void> = task().finally(() => this.#underWay.delete(running));
    this.#underWay.add(running);
    while (this.#underWay.size > this.#limit) await Promise.race(this.#underWay);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.race(this.#underWay);
  }
}
