import { notePassedOutput, type OutputChunk, type StreamBytes } from '@conjob/shared';
import { maskPatterns } from './mask-patterns.ts';
import { type MaskedPiece, OutputMask } from './output-mask.ts';
import { type Append, NO_BYTES, OutputRecorder } from './output-recorder.ts';
import { PatternSearch } from './pattern-search.ts';

/** After this to twice this, what might have become a secret is taken for what it looks like: a prompt, say. */
const HOLD_MS = 250;

type Stream = OutputChunk['stream'];
const STREAMS: readonly Stream[] = ['stdout', 'stderr'];

/** Keeps the output of an attempt without the secrets that it is told of. Each stream is masked by itself. */
export class MaskedRecorder extends OutputRecorder {
  readonly #before: StreamBytes;
  #search = new PatternSearch([]);
  #masks: Record<Stream, OutputMask>;
  #timer: NodeJS.Timeout | undefined;

  /**
   * `recorded`: what an earlier recorder of this attempt has kept, and `seen`: what that had been before it was
   * masked. What the container writes is to come here from its first byte nevertheless.
   */
  constructor(append: Append, maxBytes: number, recorded?: StreamBytes, seen = NO_BYTES) {
    super(append, maxBytes, recorded, seen);
    this.#before = seen;
    this.#masks = this.#newMasks();
  }

  /** What is to be masked; to be called before anything is written. */
  hide(values: readonly string[]): void {
    this.#search = new PatternSearch(maskPatterns(values));
    this.#masks = this.#newMasks();
  }

  /** A text that is not output, without what is hidden. */
  cover(text: string): string {
    const mask = new OutputMask(this.#search);
    const pieces = [...mask.feed(Buffer.from(text)), ...mask.flush()];
    return Buffer.concat(pieces.map(({ data }) => data)).toString();
  }

  override get masked(): boolean {
    return STREAMS.some((stream) => this.#masks[stream].hasMasked);
  }

  override seen(stream: Stream): number {
    return this.#masks[stream].fed;
  }

  override write({ stream, data }: OutputChunk): Promise<void> | undefined {
    // What is held back has to outlast the chunk.
    const room = this.#store(stream, this.#masks[stream].feed(Buffer.from(data)));
    notePassedOutput(data.length);
    if (room === undefined) this.#flushInTime();
    else {
      // Until there is room nobody reads on: what is held back waits for us, not for the container.
      this.#stopTimer();
      void room.then(() => this.#flushInTime());
    }
    return room;
  }

  override finish(): void {
    this.#stopTimer();
    // Nobody waits before reading on: there is nothing more to read.
    for (const stream of STREAMS) void this.#store(stream, this.#masks[stream].flush());
  }

  #newMasks(): Record<Stream, OutputMask> {
    const { stdout, stderr } = this.#before;
    return {
      stdout: new OutputMask(this.#search, stdout),
      stderr: new OutputMask(this.#search, stderr),
    };
  }

  #store(stream: Stream, pieces: readonly MaskedPiece[]): Promise<void> | undefined {
    let room: Promise<void> | undefined;
    for (const piece of pieces) room = super.write({ stream, ...piece }) ?? room;
    return room;
  }

  #holdsAny(): boolean {
    return STREAMS.some((stream) => this.#masks[stream].heldFrom !== null);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** No byte waits for long, also where there is always one that waits. */
  #flushInTime(): void {
    if (this.#timer !== undefined || !this.#holdsAny()) return;
    const held = STREAMS.map((stream) => this.#masks[stream].heldFrom);
    const release = (): void => {
      if (this.#timer !== timer) return;
      this.#timer = undefined;
      for (const [index, stream] of STREAMS.entries()) {
        const mask = this.#masks[stream];
        const isSame = mask.heldFrom !== null && mask.heldFrom === held[index];
        if (isSame) void this.#store(stream, mask.flush());
      }
      this.#flushInTime();
    };
    // After what has come meanwhile: in a process that was busy for so long the rest may just not have been read.
    const timer = setTimeout(() => setImmediate(release), HOLD_MS);
    timer.unref();
    this.#timer = timer;
  }
}
