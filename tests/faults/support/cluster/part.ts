import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '@conjob/provision';
import { newProcessMark, signalAll } from '@conjob/testkit';
import type { App, ProductProcess } from '../../../support/start-process.ts';
import { launch } from '../../../support/start-process.ts';

const STOP_MS = 15_000;
const POLL_MS = 20;

export interface Period {
  readonly from: number;
  /** `Infinity` while it lasts. */
  until: number;
}

/** What a row may do to an API or a worker: to its main process, unless it says "host". */
export interface Part {
  readonly name: string;
  readonly process: ProductProcess;
  /** All that its processes have written, one after the other. */
  log(): string;
  /** When it was not there by the row's own doing, by the clock of the test. */
  readonly down: readonly Period[];
  /** SIGKILL, and wait until it is gone. */
  kill(): Promise<void>;
  /** Starts it once more, after `kill` or `terminate`; resolves when it is ready. */
  start(env?: Readonly<Record<string, string>>): Promise<void>;
  /** SIGTERM; its exit code. */
  terminate(): Promise<number | null>;
  freeze(): void;
  thaw(): void;
  /** SIGSTOP and SIGCONT to all its processes: a host that hangs. */
  freezeHost(): void;
  thawHost(): void;
  /** SIGKILL to all its processes: a host that lost its power (its engine aside). */
  killHost(): Promise<void>;
  /** All its processes, the worker's reaper included. */
  pids(): number[];
  /** Ends all its processes, whatever state they are in. */
  stop(): Promise<void>;
}

export interface PartOptions {
  readonly app: App;
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** What it says when it is ready. */
  readonly ready: RegExp;
  readonly onReady?: (match: RegExpExecArray) => void;
}

export async function startPart({ app, name, env, ready, onReady }: PartOptions): Promise<Part> {
  const mark = newProcessMark();
  const pids = (): number[] => mark.pids();
  const down: Period[] = [];
  const run = (extra: Readonly<Record<string, string>> = {}): ProductProcess =>
    launch(app, { ...env, ...extra }, { mark });
  const isReady = async (): Promise<void> => {
    const match = await current.says(ready);
    onReady?.(match);
    for (const period of down) period.until = Math.min(period.until, Date.now());
  };
  const goDown = (): void => void down.push({ from: Date.now(), until: Infinity });
  const stop = async (): Promise<void> => {
    current.look();
    signalAll(pids(), 'SIGCONT');
    signalAll(pids(), 'SIGTERM');
    if (!(await allGone(pids, STOP_MS))) {
      signalAll(pids(), 'SIGKILL');
      await allGone(pids, STOP_MS);
    }
    await current.exited;
  };
  const earlier: ProductProcess[] = [];
  let current = run();
  try {
    await isReady();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name,
    down,
    pids,
    stop,
    get process() {
      return current;
    },
    async kill() {
      goDown();
      current.kill('SIGKILL');
      await current.exited;
    },
    log: () => [...earlier, current].map((one) => one.output()).join('\n--- started again ---\n'),
    async start(extra) {
      earlier.push(current);
      current = run(extra);
      await isReady();
    },
    async terminate() {
      goDown();
      return current.stop();
    },
    freeze: () => current.kill('SIGSTOP'),
    thaw: () => current.kill('SIGCONT'),
    freezeHost: () => signalAll(pids(), 'SIGSTOP'),
    thawHost: () => signalAll(pids(), 'SIGCONT'),
    async killHost() {
      goDown();
      signalAll(pids(), 'SIGKILL');
      await current.exited;
    },
  };
}

async function allGone(pids: () => number[], withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (pids().some((pid) => isAlive(pid))) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
