import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@conjob/shared';
import { engineRefusal } from './engine/docker/engine-refusal.ts';
import { type Engine, type EngineDescription, EngineError, isEngineAway } from './engine/engine.ts';
import { every } from './every.ts';
import type { WorkerState } from './worker-state.ts';

const CHECK_MS = 5_000;
const RETRY_MS = 1_000;

/**
 * Waits until the engine answers, and says once that it does not. Throws when `signal` aborts, and
 * `ConfigError` when it will never answer to us.
 */
export async function awaitEngine(
  engine: Engine,
  logger: Logger,
  signal: AbortSignal,
): Promise<EngineDescription> {
  for (let said = false; ; said = true) {
    signal.throwIfAborted();
    try {
      return await engine.describe();
    } catch (error) {
      const refusal = engineRefusal(error);
      if (refusal !== null) throw refusal;
      if (!said) logger.error({ err: error }, 'the engine does not answer; waiting for it');
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
}

/** A worker whose engine is away, or has no space left, takes no jobs: others can run them. */
export class EngineWatch {
  readonly #engine: Engine;
  readonly #state: WorkerState;
  #description: EngineDescription | undefined;
  readonly #end: () => Promise<void>;

  constructor(engine: Engine, state: WorkerState, logger: Logger) {
    this.#engine = engine;
    this.#state = state;
    const warn = (error: unknown) => logger.warn({ err: error }, 'engine watch');
    this.#end = every(CHECK_MS, () => this.#check(), warn);
  }

  /** As it last said itself: it may have been restarted since the worker started, with other runtimes. */
  get description(): EngineDescription | undefined {
    return this.#description;
  }

  /** Somebody found the engine away. Believed without a look, which could take long itself. */
  reportAway(): void {
    this.#state.unready('engine-away');
  }

  /** A job found no space: from now on it is tried whether there is some again. */
  reportFull(): void {
    this.#state.unready('engine-full');
  }

  end(): Promise<void> {
    return this.#end();
  }

  async #check(): Promise<void> {
    const isFull = this.#state.holds('engine-full');
    const fault = await faultOf(() => (isFull ? this.#engine.probeSpace() : this.#probe()));
    if (fault === 'engine-away') this.#state.unready('engine-away');
    else this.#state.over('engine-away');
    if (isFull && fault === null) this.#state.over('engine-full');
  }

  /** One that shuts down takes no new connection, and one without its containerd has no version of it. */
  async #probe(): Promise<void> {
    await this.#engine.ping();
    this.#description = await this.#engine.describe();
  }
}

async function faultOf(look: () => Promise<void>): Promise<'engine-away' | 'engine-full' | null> {
  try {
    await look();
    return null;
  } catch (error) {
    const isFull = error instanceof EngineError && !isEngineAway(error);
    return isFull ? 'engine-full' : 'engine-away';
  }
}
