/** How many jobs a worker runs at once, whichever queue they come from. */
export class Slots {
  readonly total: number;
  #used = 0;
  #onRelease = (): void => {};

  constructor(total: number) {
    this.total = total;
  }

  get used(): number {
    return this.#used;
  }

  /** 0 also when more jobs were adopted than there are slots. */
  get free(): number {
    return Math.max(0, this.total - this.#used);
  }

  onRelease(listener: () => void): void {
    this.#onRelease = listener;
  }

  /** Takes a slot, also when none is free: an adopted job runs already. Returns how to free it, once. */
  occupy(): () => void {
    this.#used += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#used -= 1;
      this.#onRelease();
    };
  }
}
