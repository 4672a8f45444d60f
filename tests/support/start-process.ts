import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  childProcesses,
  type EngineAccess,
  inNetwork,
  newProcessMark,
  type ProcessMark,
  signalAll,
} from '@conjob/testkit';

const ROOT = resolve(import.meta.dirname, '../..');

const LAST_WORDS_MS = 100;

/** A process of the product, started as its users start it. */
export interface ProductProcess {
  readonly pid: number;
  /** Everything that it has written so far, both streams. */
  readonly output: () => string;
  /** Its exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  hasExited(): boolean;
  /** Notes its environment and command line, as it does when it is stopped. */
  look(): void;
  /** SIGTERM, and how it ended. May be called after it ended. */
  stop(): Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  /** Hears no more of it, and ends a reaper that outlives it. */
  forget(): void;
  /** Resolves with the match once its output has it; throws when it ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
}

/** What there is to look into of a process once it has ended. */
export interface Launched {
  readonly name: string;
  output(): string;
  /** Environment and command line of it and what it started, as they were when it was told to stop. */
  surroundings(): string;
}

/** All that this test file has started. */
export const launched: Launched[] = [];

export type App = 'api' | 'worker' | 'standalone';

export interface LaunchOptions {
  readonly args?: readonly string[];
  /** Default: that of this machine. */
  readonly network?: EngineAccess;
  /** Default: one of its own. */
  readonly mark?: ProcessMark;
}

export function launch(
  app: App,
  env: Readonly<Record<string, string>>,
  { args = [], network, mark = newProcessMark() }: LaunchOptions = {},
): ProductProcess {
  const line = [process.execPath, `apps/${app}/src/main.ts`, ...args];
  const [command = '', ...rest] = network === undefined ? line : inNetwork(network, line);
  const child = spawn(command, rest, {
    cwd: ROOT,
    // Nothing of the test's own environment may help it along.
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env, ...mark.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, surroundings] = ['', ''];
  launched.push({ name: app, output: () => output, surroundings: () => surroundings });
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const listener of listeners) listener();
    });
  }
  const closed = once(child, 'close');
  const exited = once(child, 'exit').then(async ([code]) => {
    // Its last words may be on their way. But a reaper that outlives its worker holds its streams open.
    await Promise.race([closed, sleep(LAST_WORDS_MS)]);
    return code as number | null;
  });
  const look = (): void => {
    const pids = [child.pid ?? 0, ...childProcesses(child.pid).map(({ pid }) => pid)];
    surroundings += pids.map(surroundingsOf).join('');
  };
  const says = async (pattern: RegExp): Promise<RegExpExecArray> => {
    const { promise, resolve: found } = Promise.withResolvers<RegExpExecArray>();
    const look = (): void => {
      const match = pattern.exec(output);
      if (match) found(match);
    };
    listeners.add(look);
    look();
    const match = await Promise.race([promise, exited.then(() => null)]);
    listeners.delete(look);
    if (match === null) throw new Error(`${app} ended without saying ${pattern}:\n${output}`);
    return match;
  };
  return {
    pid: child.pid ?? 0,
    output: () => output,
    exited,
    says,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    kill: (signal) => child.kill(signal),
    forget: () => {
      child.stdout.destroy();
      child.stderr.destroy();
      signalAll(mark.pids(), 'SIGKILL');
    },
    look,
    stop: () => {
      look();
      child.kill('SIGTERM');
      return exited;
    },
  };
}

/** Nothing of one that is gone. */
function surroundingsOf(pid: number): string {
  try {
    return ['environ', 'cmdline'].map((file) => readFileSync(`/proc/${pid}/${file}`)).join('\n');
  } catch {
    return '';
  }
}
