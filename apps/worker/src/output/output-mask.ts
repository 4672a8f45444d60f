import type { PatternSearch } from './pattern-search.ts';

/** What stands for a secret. */
const MASK = Buffer.from('***');

/** A piece of masked output. */
export interface MaskedPiece {
  readonly data: Buffer;
  /** Of what was written: where it ends there. */
  readonly end: number;
  /** It stands for something, and is not to be parted. */
  readonly isMask: boolean;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Masks one stream. Every byte that belongs to a pattern is masked, patterns that overlap by one mask, and
 * the result does not depend on how the bytes come: only what may still become a pattern is held back.
 * Positions count bytes as they were written.
 */
export class OutputMask {
  readonly #search: PatternSearch;
  #state = 0;
  #fed = 0;
  /** Up to here everything is out. */
  #out: number;
  /** What is not: the bytes from `#out` to `#fed`. */
  readonly #held: Buffer[] = [];
  /** Found, and not out: in order, without overlaps. */
  #found: Span[] = [];
  #lastMaskEnd = 0;
  #hasMasked = false;

  /** `from`: up to here it was put out by somebody before. The bytes before are to be fed nevertheless. */
  constructor(search: PatternSearch, from = 0) {
    this.#search = search;
    this.#out = from;
  }

  /** How many bytes it was fed. */
  get fed(): number {
    return this.#fed;
  }

  /** Position of the first byte that is held back; null when none is. */
  get heldFrom(): number | null {
    return this.#out < this.#fed ? this.#out : null;
  }

  /** Whether anything was masked. */
  get hasMasked(): boolean {
    return this.#hasMasked;
  }

  /** Returns what can be put out by now. */
  feed(data: Buffer): MaskedPiece[] {
    const before = this.#fed;
    this.#state = this.#search.read(this.#state, data, (end, length) =>
      this.#note({ start: before + end - length, end: before + end }),
    );
    this.#fed += data.length;
    const held = data.subarray(Math.max(0, this.#out - before));
    if (held.length > 0) this.#held.push(held);
    return this.#putOut(this.#fed - this.#search.depth(this.#state));
  }

  /** Returns all that was held back. What comes then may still end a pattern, whose rest is masked. */
  flush(): MaskedPiece[] {
    return this.#putOut(Number.POSITIVE_INFINITY);
  }

  #note({ start, end }: Span): void {
    let first = start;
    for (let last = this.#found.at(-1); last && last.end > start; last = this.#found.at(-1)) {
      first = Math.min(first, last.start);
      this.#found.pop();
    }
    this.#found.push({ start: first, end });
    this.#hasMasked = true;
  }

  /** Nothing that is found later begins before `safe`. */
  #putOut(safe: number): MaskedPiece[] {
    const pieces: MaskedPiece[] = [];
    const later = this.#found.findIndex(({ start }) => start >= safe);
    for (const span of this.#found.splice(0, later === -1 ? this.#found.length : later)) {
      this.#takeTo(span.start, pieces);
      this.#mask(span, pieces);
    }
    this.#takeTo(Math.min(safe, this.#fed), pieces);
    return pieces;
  }

  #mask({ start, end }: Span, pieces: MaskedPiece[]): void {
    const goesOn = start < this.#lastMaskEnd && this.#out === this.#lastMaskEnd;
    this.#lastMaskEnd = end;
    if (end <= this.#out) return;
    this.#takeTo(end, []);
    if (!goesOn) pieces.push({ data: MASK, end, isMask: true });
  }

  #takeTo(position: number, pieces: MaskedPiece[]): void {
    let used = 0;
    for (const held of this.#held) {
      if (this.#out >= position) break;
      const data = held.subarray(0, position - this.#out);
      this.#out += data.length;
      pieces.push({ data, end: this.#out, isMask: false });
      if (data.length === held.length) used += 1;
      else this.#held[used] = held.subarray(data.length);
    }
    this.#held.splice(0, used);
  }
}
