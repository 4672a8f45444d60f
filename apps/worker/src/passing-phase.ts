/** Longer than most creations and collections take. */
const WORTH_NOTING_MS = 50;

/**
 * Writes a phase down only when it lasts: mostly it is over before anybody could look, and a write
 * that nobody reads would still cost the job its time.
 */
export class PassingPhase {
  #timer: NodeJS.Timeout | undefined;
  #written: Promise<void> = Promise.resolve();

  /** In place of what was begun before. To be followed by {@link end}. What the write throws, the next one will throw too. */
  begin(write: () => Promise<void>, worthNotingMs = WORTH_NOTING_MS): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#written = this.#written.then(write).catch(() => {});
    }, worthNotingMs);
  }

  /** When this resolves, nothing more will be written of it. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#written;
  }
}
