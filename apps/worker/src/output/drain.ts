import type { OutputChunk } from '@conjob/shared';
import type { Attachment } from '../engine/engine.ts';
import { within } from '../within.ts';
import type { OutputRecorder } from './output-recorder.ts';

/**
 * Reads one attachment into a recorder, at once and to its end. Never throws. Only one at a time may
 * read for a recorder: let go of one before the next begins.
 */
export class Drain {
  /**
   * True when there was an end; false when it broke off: then some output may be missing, and the
   * container may still run.
   */
  readonly ended: Promise<boolean>;
  readonly #attachment: Attachment;
  readonly #recorder: OutputRecorder;
  readonly #left = Promise.withResolvers<'left'>();
  #chunks = 0;
  #isStoring = false;
  #endedAt = Number.POSITIVE_INFINITY;

  constructor(attachment: Attachment, recorder: OutputRecorder) {
    this.#attachment = attachment;
    this.#recorder = recorder;
    this.ended = this.#read().finally(() => {
      this.#endedAt = performance.now();
    });
  }

  /** How long ago it ended; negative when it did not. */
  get endedSinceMs(): number {
    return performance.now() - this.#endedAt;
  }

  /** As {@link ended}, and false when nothing came for so long; a slow store does not count. */
  async endedUnlessIdle(idleMs: number): Promise<boolean> {
    for (;;) {
      const chunksBefore = this.#chunks;
      const ended = await within(idleMs, this.ended);
      if (ended !== undefined) return ended;
      if (this.#chunks === chunksBefore && !this.#isStoring) return false;
    }
  }

  /** When this resolves, nothing of the attachment will be recorded any more. */
  async letGo(): Promise<void> {
    this.#left.resolve('left');
    this.#attachment.destroy();
    await this.ended;
  }

  async #read(): Promise<boolean> {
    const chunks = this.#attachment.output[Symbol.asyncIterator]();
    for (;;) {
      const next = await chunks.next().catch(() => null);
      if (next === null) return false;
      if (next.done) return true;
      this.#chunks += 1;
      const stored = this.#recorder.write(next.value);
      if (stored === undefined) continue;
      this.#isStoring = true;
      if ((await Promise.race([stored, this.#left.promise])) === 'left') return false;
      this.#isStoring = false;
    }
  }
}

/** The same for a replay from the first byte: what was recorded before is skipped. */
export function withoutSeen(attachment: Attachment, recorder: OutputRecorder): Attachment {
  const toSkip = { stdout: recorder.seen('stdout'), stderr: recorder.seen('stderr') };
  return { output: skip(attachment.output, toSkip), destroy: () => attachment.destroy() };
}

async function* skip(
  output: AsyncIterable<OutputChunk>,
  toSkip: Record<OutputChunk['stream'], number>,
): AsyncGenerator<OutputChunk> {
  for await (const { stream, data } of output) {
    const skipped = Math.min(toSkip[stream], data.length);
    toSkip[stream] -= skipped;
    // Also the empty rest: it shows that something came.
    yield { stream, data: data.subarray(skipped) };
  }
}
