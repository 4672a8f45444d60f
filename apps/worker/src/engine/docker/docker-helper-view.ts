import type { Duplex } from 'node:stream';
import { EngineError } from '../engine.ts';
import type { HelperView } from '../helpers.ts';
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
    this.#asked?.resolve(withoutOthers(this.#text));
    this.#text = '';
  }
}

function gone(): EngineError {
  return new EngineError('engine.failed', 'the helper has ended');
}

/** `TCP  2304  0  89  no …`: name, size, sockets, memory, whether that is scarce. */
const PROTOCOL = /^(\S+\s+\d+\s+\d+)\s+-?\d+\s+(?:NI|no|yes)\s.*$/gm;
/** `eth0:  486  5 …`: eight numbers of what was received, then what was sent. */
const RECEIVED = /^(\s*(?!lo:)[\w.@-]+:)(?:\s+\d+){8}((?:\s+\d+){8})$/gm;
/** `Ip6InReceives  5`. */
const RECEIVED_V6 = /^(?:Ip6|Icmp6)In\w*\s+\d+\n/gm;

/**
 * What is not of those who join: how much memory all namespaces together have for their sockets, and what
 * a bridge brings to everybody. Whoever answers, or asks, sends, and that is counted.
 */
function withoutOthers(text: string): string {
  return text.replace(PROTOCOL, '$1').replace(RECEIVED, '$1$2').replace(RECEIVED_V6, '');
}
