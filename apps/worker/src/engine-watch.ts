import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@conjob/shared';
import type { Engine, EngineDescription } from './engine/engine.ts';
import { every } from './every.ts';

const CHECK_MS = 5_000;
const RETRY_MS = 1_000;

/** What can be told to take no jobs for a while. */
interface Intake {
  pause(doNotWaitActive: boolean): Promise<void>;
  resume(): Promise<void>;
}

/** Waits until the engine answers, and says once that it does not. Throws when `signal` aborts. */
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
      if (!said) logger.error({ err: error }, 'the engine does not answer; waiting for it');
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
}

/** A worker whose engine is away takes no jobs: others can run them. */
export class EngineWatch {
  readonly #engine: Engine;
  readonly #intake: Intake;
  readonly #logger: Logger;
  readonly #end: () => Promise<void>;
  #isAway = false;

  constructor(engine: Engine, intake: Intake, logger: Logger) {
    this.#engine = engine;
    this.#intake = intake;
    this.#logger = logger;
    const warn = (error: unknown) => logger.warn({ err: error }, 'engine watch');
    this.#end = every(CHECK_MS, () => this.#check(), warn);
  }

  /** Somebody found the engine away. Believed without a look, which could take long itself. */
  async report(): Promise<void> {
    await this.#set(true);
  }

  end(): Promise<void> {
    return this.#end();
  }

  async #check(): Promise<void> {
    await this.#set(!(await answers(this.#engine)));
  }

  async #set(isAway: boolean): Promise<void> {
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    if (isAway) {
      this.#logger.error('the engine went away; taking no jobs');
      await this.#intake.pause(true);
    } else {
      this.#logger.info('the engine is back; taking jobs');
      await this.#intake.resume();
    }
  }
}

async function answers(engine: Engine): Promise<boolean> {
  try {
    await engine.ping();
    return true;
  } catch {
    return false;
  }
}
