/** How many jobs a worker runs at once, whichever queue they come from. */
export class Slots {
  readonly total: number;
  readonly #listeners: (() => void)[] = [];
  #used = 0;

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

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Takes a slot, also when none is free: an adopted job runs already. Returns how to free it, once. */
  occupy(): () => void {
    this.#change(1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#change(-1);
    };
  }

  #change(by: 1 | -1): void {
    this.#used += by;
    for (const listener of this.#listeners) listener();
  }
}
