import type { OutputChunk } from '@conjob/shared';
import {
  type Attachment,
  type ContainerSpec,
  type ContainerState,
  EngineError,
  type ExitCondition,
  type ExitWatch,
  type RecalledEnd,
} from '../engine.ts';
import { FakeProcess, type ProcessEnd } from './fake-process.ts';
import { OutputQueue } from './output-queue.ts';
import type { Step } from './script.ts';

/** Of each watch that is let go of: a stack trace for each would cost more than all else. */
const LET_GO = new EngineError('engine.unavailable', 'let go');

/** A container in memory. */
export class FakeContainer {
  readonly id: string;
  readonly spec: ContainerSpec;
  /** Of the image that it was made of. */
  readonly imageId: string;
  readonly createdAt = Date.now();
  readonly #log: OutputChunk[] = [];
  readonly #readers = new Set<OutputQueue>();
  readonly #watches = new Set<PromiseWithResolvers<number>>();
  readonly #ended = Promise.withResolvers<void>();
  #lost = Promise.withResolvers<void>();
  #input = Buffer.alloc(0);
  #process: FakeProcess | undefined;
  #wasToldToEnd = false;
  #isSeen = true;
  #recalledEnd: RecalledEnd = 'unknown';
  #wasCutOff = false;
  #state: ContainerState = {
    status: 'created',
    exitCode: 0,
    outOfMemory: false,
    finishedAt: null,
  };

  constructor(id: string, spec: ContainerSpec, imageId: string) {
    this.id = id;
    this.spec = spec;
    this.imageId = imageId;
  }

  get state(): ContainerState {
    return this.#state;
  }

  /** Resolves when it ends, or is removed. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Resolves when its engine goes away, or it is removed. */
  get lost(): Promise<void> {
    return this.#lost.promise;
  }

  get recalledEnd(): RecalledEnd {
    return this.#recalledEnd;
  }

  get wasCutOff(): boolean {
    return this.#wasCutOff;
  }

  attach(input: Buffer | undefined): Attachment {
    if (input !== undefined) this.#input = Buffer.from(input);
    return this.#addReader(new OutputQueue());
  }

  followOutput(): Attachment {
    const reader = this.#addReader(new OutputQueue(this.#log));
    if (this.#state.status !== 'running') reader.end();
    return reader;
  }

  watchExit(condition: ExitCondition): ExitWatch {
    const watch = Promise.withResolvers<number>();
    watch.promise.catch(() => {});
    if (condition === 'not-running' && this.#state.status !== 'running') {
      watch.resolve(this.#state.exitCode);
    } else {
      this.#watches.add(watch);
    }
    return {
      exitCode: watch.promise,
      destroy: () => {
        this.#watches.delete(watch);
        watch.reject(LET_GO);
      },
    };
  }

  start(steps: readonly Step[]): void {
    this.#state = { ...this.#state, status: 'running' };
    this.#process = new FakeProcess({
      steps,
      input: this.spec.stdin ? this.#input : Buffer.alloc(0),
      print: (chunk) => this.#print(chunk),
      onEnd: (end) => this.#end(end),
    });
    this.#process.run();
  }

  async stop(graceSeconds: number): Promise<void> {
    if (this.#state.status !== 'running') return;
    this.#wasToldToEnd = true;
    if (graceSeconds > 0) this.#process?.terminate();
    const patience = setTimeout(() => this.kill(), graceSeconds * 1000);
    await this.#ended.promise;
    clearTimeout(patience);
  }

  kill(): void {
    this.#process?.kill();
  }

  /**
   * The engine went away, and forgets what it saw: whoever reads sees the end, whoever waits an error; the
   * process lives on.
   */
  cutOff(): void {
    this.#isSeen = false;
    this.#wasCutOff = true;
    this.#lost.resolve();
    this.#recalledEnd = 'unknown';
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
    for (const watch of this.#watches) {
      watch.reject(new EngineError('engine.unavailable', 'the engine went away'));
    }
    this.#watches.clear();
  }

  /** The engine is back. */
  seeAgain(): void {
    this.#isSeen = true;
    this.#lost = Promise.withResolvers();
  }

  #addReader(reader: OutputQueue): OutputQueue {
    this.#readers.add(reader);
    return reader;
  }

  #print(chunk: OutputChunk): void {
    if (chunk.data.length === 0) return;
    this.#log.push(chunk);
    for (const reader of this.#readers) reader.push(chunk);
  }

  #end({ exitCode, outOfMemory }: ProcessEnd): void {
    this.#state = { status: 'exited', exitCode, outOfMemory, finishedAt: Date.now() };
    if (this.#isSeen) this.#recalledEnd = this.#wasToldToEnd ? 'told' : 'own';
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
    for (const watch of this.#watches) watch.resolve(exitCode);
    this.#watches.clear();
    this.#ended.resolve();
  }
}
