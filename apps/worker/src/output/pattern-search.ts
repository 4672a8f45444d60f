/**
 * Finds many byte patterns at once, in linear time whatever the bytes are (Aho and Corasick). A state is a
 * number: the longest end of what was read that begins a pattern. The first state is 0.
 */
export class PatternSearch {
  /** By state: its last byte, first child, next sibling, longest proper end that is a state. */
  readonly #byte: Uint8Array;
  readonly #child: Int32Array;
  readonly #sibling: Int32Array;
  readonly #fail: Int32Array;
  /** By state: how much of it may still become a pattern. */
  readonly #depth: Int32Array;
  /** Length of the longest pattern that ends here; 0 for none. */
  readonly #match: Int32Array;
  /** The children of the first state, by byte: most bytes of most texts go through here. */
  readonly #first = new Int32Array(256);
  #states = 1;

  constructor(patterns: readonly Buffer[]) {
    const room = patterns.reduce((sum, { length }) => sum + length, 1);
    this.#byte = new Uint8Array(room);
    [this.#child, this.#sibling, this.#fail, this.#depth, this.#match] = [
      new Int32Array(room),
      new Int32Array(room),
      new Int32Array(room),
      new Int32Array(room),
      new Int32Array(room),
    ];
    for (const pattern of patterns) this.#add(pattern);
    this.#link();
  }

  /** How many of the bytes that were read last may still become a pattern. */
  depth(state: number): number {
    return this.#depth[state] ?? 0;
  }

  /**
   * Reads on from a state. Returns the next state, and tells of the longest pattern that ends behind each
   * byte: offset of its end in `data`, and its length, which may reach back before `data`.
   */
  read(state: number, data: Buffer, onMatch: (end: number, length: number) => void): number {
    let at = state;
    for (let index = 0; index < data.length; index += 1) {
      at = this.#next(at, data[index] ?? 0);
      const length = this.#match[at] ?? 0;
      if (length > 0) onMatch(index + 1, length);
    }
    return at;
  }

  #next(state: number, byte: number): number {
    for (let at = state; at !== 0; at = this.#fail[at] ?? 0) {
      const child = this.#childOf(at, byte);
      if (child !== 0) return child;
    }
    return this.#first[byte] ?? 0;
  }

  /** 0 when there is none: the first state is nobody's child. */
  #childOf(state: number, byte: number): number {
    if (state === 0) return this.#first[byte] ?? 0;
    let child = this.#child[state] ?? 0;
    while (child !== 0 && this.#byte[child] !== byte) child = this.#sibling[child] ?? 0;
    return child;
  }

  #add(pattern: Buffer): void {
    let state = 0;
    for (const byte of pattern) {
      const known = this.#childOf(state, byte);
      state = known === 0 ? this.#addChild(state, byte) : known;
    }
    this.#match[state] = pattern.length;
  }

  #addChild(state: number, byte: number): number {
    const child = this.#states;
    this.#states += 1;
    this.#byte[child] = byte;
    this.#depth[child] = this.depth(state) + 1;
    if (state === 0) this.#first[byte] = child;
    this.#sibling[child] = this.#child[state] ?? 0;
    this.#child[state] = child;
    return child;
  }

  /** Shorter ones first: the longest proper end of a state is shorter than the state. */
  #link(): void {
    const queue = new Int32Array(this.#states);
    let added = 1;
    for (let index = 0; index < added; index += 1) {
      const state = queue[index] ?? 0;
      for (let child = this.#child[state] ?? 0; child !== 0; child = this.#sibling[child] ?? 0) {
        queue[added] = child;
        added += 1;
        const fail = state === 0 ? 0 : this.#next(this.#fail[state] ?? 0, this.#byte[child] ?? 0);
        this.#fail[child] = fail;
        if (this.#match[child] === 0) this.#match[child] = this.#match[fail] ?? 0;
        // Nothing longer begins like this: only an end of it may go on.
        if (this.#child[child] === 0) this.#depth[child] = this.#depth[fail] ?? 0;
      }
    }
  }
}
