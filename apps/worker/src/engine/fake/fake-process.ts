import type { OutputChunk } from '@conjob/shared';
import type { Step } from './script.ts';

export interface ProcessEnd {
  readonly exitCode: number;
  readonly outOfMemory: boolean;
}

export interface ProcessOptions {
  readonly steps: readonly Step[];
  readonly input: Buffer;
  readonly print: (chunk: OutputChunk) => void;
  readonly onEnd: (end: ProcessEnd) => void;
}

const KILLED = 137;

/** The process of a fake container: works off its steps, and can be told to stop. */
export class FakeProcess {
  readonly #options: ProcessOptions;
  #steps: readonly Step[];
  #trap: readonly Step[] = [];
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.#steps = options.steps;
  }

  /** Goes on until there is something to wait for. */
  run(): void {
    while (!this.#ended) {
      const [step, ...rest] = this.#steps;
      this.#steps = rest;
      if (step?.kind === 'sleep') {
        this.#timer = setTimeout(() => this.run(), step.milliseconds);
        return;
      }
      if (step === undefined) this.#end(0);
      else this.#do(step);
    }
  }

  /** SIGTERM: only a trap heeds it. */
  terminate(): void {
    if (this.#trap.length === 0 || this.#ended) return;
    clearTimeout(this.#timer);
    this.#steps = [...this.#trap, ...this.#steps];
    this.run();
  }

  kill(): void {
    this.#end(KILLED);
  }

  #do(step: Exclude<Step, { kind: 'sleep' }>): void {
    switch (step.kind) {
      case 'print':
        this.#options.print({ stream: step.stream, data: step.data });
        break;
      case 'copy':
        this.#options.print({ stream: 'stdout', data: this.#options.input });
        break;
      case 'trap':
        this.#trap = step.steps;
        break;
      case 'exit':
        this.#end(step.code);
        break;
      case 'devour':
        this.#end(KILLED, true);
        break;
      default:
        step satisfies never;
    }
  }

  #end(exitCode: number, outOfMemory = false): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#options.onEnd({ exitCode, outOfMemory });
  }
}
