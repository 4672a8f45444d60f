import type { Duplex } from 'node:stream';
import { EngineError } from '../engine.ts';
import type { HelperView } from '../helpers.ts';
import { comparable } from './comparable-look.ts';
import { withDeadline } from './deadline.ts';
import { demux } from './demux.ts';
import { END_OF_LOOK } from './helper-image/looked-at.ts';

/** {@link HelperView} by the standard streams of the helper's program. */
export class DockerHelperView implements HelperView {
  readonly gone: Promise<void>;
  readonly #socket: Duplex;
  readonly #deadlineMs: number;
  #text = '';
  #isGone = false;
  #asked: PromiseWithResolvers<string> | undefined;

  constructor(socket: Duplex, deadlineMs: number) {
    this.#socket = socket;
    this.#deadlineMs = deadlineMs;
    // A reset without a listener would end the process; reading ends by it too.
    socket.on('error', () => {});
    this.gone = this.#read();
  }

  async look(): Promise<string> {
    if (this.#isGone) throw gone();
    const asked = Promise.withResolvers<string>();
    // It may be gone when nobody waits any more.
    asked.promise.catch(() => {});
    this.#asked = asked;
    this.#socket.write('?');
    return withDeadline(this.#deadlineMs, 'other', () => asked.promise);
  }

  close(): void {
    this.#socket.destroy();
  }

  async #read(): Promise<void> {
    try {
      for await (const { data } of demux(this.#socket)) this.#add(data.toString('latin1'));
    } catch {
      // Cut off: as good as ended.
    }
    this.#isGone = true;
    this.#asked?.reject(gone());
  }

  #add(text: string): void {
    this.#text += text;
    if (!this.#text.endsWith(END_OF_LOOK)) return;
    this.#asked?.resolve(comparable(this.#text));
    this.#text = '';
  }
}

function gone(): EngineError {
  return new EngineError('engine.failed', 'the helper has ended');
}
