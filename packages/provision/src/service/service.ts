import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { findBinary } from '../binaries/find-binary.ts';
import { childEnvironment } from './child-environment.ts';
import { type LogFile, openLogFile } from './log-file.ts';

export interface ServiceExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether `stop` was called before. */
  readonly expected: boolean;
  /** The last lines of its log. */
  readonly logTail: string;
}

/** A long-running child of ours. */
export interface Service {
  readonly pid: number;
  /** Resolves, never rejects, when the process has ended for whatever reason. */
  readonly exited: Promise<ServiceExit>;
  readonly log: LogFile;
  /** SIGTERM, then SIGKILL after `graceMs`; resolves when the process is gone. Idempotent. */
  stop(graceMs: number): Promise<ServiceExit>;
}

export interface ServiceSpec {
  readonly command: string;
  readonly args: readonly string[];
  readonly logPath: string;
}

/**
 * Starts a service in a session of its own: Ctrl-C in a terminal goes to the whole foreground
 * group, and what jobs depend on must outlive the API and the worker.
 *
 * The service gets SIGTERM when we die without having stopped it (PR_SET_PDEATHSIG, by
 * `setpriv`; Linux only). The kernel ties that to the *thread* that started it: call this from
 * the main thread. Throws if the program cannot be run.
 */
export async function startService({ command, args, logPath }: ServiceSpec): Promise<Service> {
  const log = openLogFile(logPath);
  const [program = command, ...rest] = [...dieWithParent(), command, ...args];
  const child = spawn(program, rest, {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: childEnvironment(),
    cwd: '/',
  });
  log.closeFd();
  await once(child, 'spawn');
  let stopping = false;
  const exited = whenEnded(child, log, () => stopping);
  return {
    pid: child.pid as number,
    exited,
    log,
    async stop(graceMs) {
      stopping = true;
      child.kill('SIGTERM');
      const deadline = new AbortController();
      const late = sleep(graceMs, undefined, { signal: deadline.signal }).then(
        () => child.kill('SIGKILL'),
        () => {},
      );
      const exit = await exited;
      deadline.abort();
      await late;
      return exit;
    },
  };
}

function dieWithParent(): string[] {
  const setpriv = process.platform === 'linux' ? findBinary('setpriv') : undefined;
  return setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'TERM', '--'];
}

async function whenEnded(
  child: ChildProcess,
  log: LogFile,
  wasStopped: () => boolean,
): Promise<ServiceExit> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return { code, signal, expected: wasStopped(), logTail: log.tail() };
}
