import { setTimeout as sleep } from 'node:timers/promises';
import type { Sample } from './recovery-samples.ts';

const LOOK_MS = 5;

/** Clients each of which sends its next request when it has its answer, until they are stopped. */
export class Clients {
  readonly samples: Sample[] = [];
  readonly #running: Promise<unknown>;
  #isOver = false;

  constructor(count: number, send: (number: number) => Promise<Sample>) {
    let sent = 0;
    const run = async (): Promise<void> => {
      while (!this.#isOver) this.samples.push(await send(sent++));
    };
    this.#running = Promise.all(Array.from({ length: count }, run));
  }

  /** Waits for so many answers more; at most for some time. */
  async answers(
    count: number,
    { withinMs, signal }: { withinMs: number; signal: AbortSignal },
  ): Promise<void> {
    const enough = this.samples.length + count;
    const deadline = performance.now() + withinMs;
    while (this.samples.length < enough && performance.now() < deadline) {
      await sleep(LOOK_MS, undefined, { signal });
    }
  }

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }
}
