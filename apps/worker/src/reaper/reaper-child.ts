import { type ChildProcess, spawn } from 'node:child_process';
import type { Logger } from '@conjob/shared';
import { within } from '../within.ts';

/** Argument of a reaper process whose standard input ends with its worker. */
export const UNTIL_STDIN_ENDS = '--until-stdin-ends';
/** What a worker says before, when it is not killed: nothing has begun since the reaper last looked. */
export const FAREWELL = 'farewell\n';

const FIRST_RESTART_MS = 1_000;
const LAST_RESTART_MS = 60_000;
/** One that ran for so long did not fail at its start. */
const STABLE_MS = 60_000;
/** One that nothing needs ends by itself in less. */
const LET_GO_MS = 2_000;

export interface ReaperChildOptions {
  /** The file that Node is to run, with the argument `reaper`. */
  readonly entry: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
}

/**
 * The reaper of this process: started again when it ends, and out of reach of what ends this one, be it
 * Ctrl-C in a terminal, or a kill. Then it does what is left to do, and ends by itself.
 */
export class ReaperChild {
  readonly #options: ReaperChildOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #restart: NodeJS.Timeout | undefined;
  #restartMs = FIRST_RESTART_MS;
  #isWanted = true;

  constructor(options: ReaperChildOptions) {
    this.#options = options;
    this.#start();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Ends it at once. */
  async stop(): Promise<void> {
    this.#giveUp();
    this.#child?.kill('SIGTERM');
    if (await this.#hasExitedWithin(LET_GO_MS)) return;
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  /** Tells it that its worker goes. Resolves when it has ended, or stays, since it is needed. */
  async letGo(): Promise<void> {
    this.#giveUp();
    this.#child?.stdin?.end(FAREWELL);
    await this.#hasExitedWithin(LET_GO_MS);
    this.#child?.unref();
  }

  #giveUp(): void {
    this.#isWanted = false;
    clearTimeout(this.#restart);
  }

  async #hasExitedWithin(milliseconds: number): Promise<boolean> {
    return (
      (await within(
        milliseconds,
        this.#exited.then(() => true),
      )) ?? false
    );
  }

  #start(): void {
    const { entry, env, logger } = this.#options;
    const startedAt = performance.now();
    const child = spawn(
      process.execPath,
      [...process.execArgv, entry, 'reaper', UNTIL_STDIN_ENDS],
      {
        detached: true,
        stdio: ['pipe', 'inherit', 'inherit'],
        // The file says of the worker that it lives: not this one's to write.
        env: { ...env, WORKER_HEARTBEAT_FILE: '' },
      },
    );
    // A pipe whose other end is gone: the exit says so as well.
    child.stdin?.on('error', () => {});
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      const onEnd = (how: object): void => {
        resolve();
        if (!this.#isWanted || child !== this.#child) return;
        this.#child = undefined;
        if (performance.now() - startedAt > STABLE_MS) this.#restartMs = FIRST_RESTART_MS;
        logger.error({ ...how, restartMs: this.#restartMs }, 'the reaper ended; starting it again');
        this.#restart = setTimeout(() => this.#start(), this.#restartMs);
        this.#restartMs = Math.min(this.#restartMs * 2, LAST_RESTART_MS);
      };
      child.once('exit', (code, signal) => onEnd({ code, signal }));
      child.once('error', (error) => onEnd({ err: error }));
    });
  }
}
