/** What is small gets no page of its own: most jobs print little. */
const SMALL_BYTES = 2 * 1024;

export const NO_PAGE = Buffer.alloc(0);

/** Memory for what is about to be stored, used again and again: a chatty job leaves no garbage. */
export class Pages {
  readonly #pageBytes: number;
  readonly #free: Buffer[] = [];

  constructor(pageBytes: number) {
    this.#pageBytes = pageBytes;
  }

  /** Room for `more` bytes behind the first `used` of `page`, up to one page in all: `page`, or a larger one that begins like it. */
  withRoom(page: Buffer, used: number, more: number): Buffer {
    const bytes = used + more;
    if (bytes <= page.length) return page;
    const roomy = bytes > SMALL_BYTES ? this.#take() : Buffer.allocUnsafe(2 * bytes);
    page.copy(roomy, 0, 0, used);
    return roomy;
  }

  /** Nobody needs what is in it any more. */
  giveBack(page: Buffer): void {
    if (page.length === this.#pageBytes) this.#free.push(page);
  }

  #take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#pageBytes);
  }
}
