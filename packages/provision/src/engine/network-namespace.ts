import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { childEnvironment } from '../service/child-environment.ts';

/** A network of its own: a loopback interface, up, and nothing else. */
export interface NetworkNamespace {
  /** Valid for every process of this machine as long as we live and it is not closed. */
  readonly path: string;
  /** The command line that runs `command` inside it. */
  inside(command: readonly string[]): string[];
  close(): void;
}

/**
 * Makes a network namespace. It is held by a file descriptor of this process, not by a mount:
 * it goes when we go, and survives the engines that are started in it.
 * Needs root. Throws when the kernel refuses.
 */
export async function createNetworkNamespace(): Promise<NetworkNamespace> {
  // `read` keeps the maker alive until its namespace is held.
  const script = 'ip link set lo up && echo up && read -r _';
  const maker = spawn('unshare', ['--net', 'sh', '-c', script], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: childEnvironment(),
  });
  const ended = once(maker, 'exit');
  const isUp = await Promise.race([once(maker.stdout, 'data').then(() => true), ended]);
  if (isUp !== true) {
    throw new Error(`No network namespace: ${String(maker.stderr.read() ?? '').trim()}`);
  }
  const fd = openSync(`/proc/${maker.pid}/ns/net`, 'r');
  maker.stdin.end();
  await ended;
  const path = `/proc/${process.pid}/fd/${fd}`;
  return {
    path,
    inside: (command) => ['nsenter', `--net=${path}`, '--', ...command],
    close: () => closeSync(fd),
  };
}
