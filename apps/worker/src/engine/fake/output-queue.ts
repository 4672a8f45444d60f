import type { OutputChunk } from '@conjob/shared';
import type { Attachment } from '../engine.ts';

/** One reader's view of a container's output: what is written before it is read, waits. */
export class OutputQueue implements Attachment {
  readonly #chunks: OutputChunk[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(replay: readonly OutputChunk[] = []) {
    this.#chunks.push(...replay);
  }

  get output(): AsyncIterable<OutputChunk> {
    return this.#read();
  }

  push(chunk: OutputChunk): void {
    if (this.#ended) return;
    this.#chunks.push(chunk);
    this.#wake?.();
  }

  /** The reader still gets what was written before. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  destroy(): void {
    this.#chunks.length = 0;
    this.end();
  }

  async *#read(): AsyncGenerator<OutputChunk> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        yield chunk;
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
