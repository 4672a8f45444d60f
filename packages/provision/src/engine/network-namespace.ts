import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { childEnvironment } from '../service/child-environment.ts';

/** A network of its own: a loopback interface, up, and, if asked for, a bridge that leads nowhere. */
export interface NetworkNamespace {
  /** The device of the bridge; undefined when there is none. */
  readonly bridge: string | undefined;
  /** Valid for every process of this machine as long as we live and it is not closed. */
  readonly path: string;
  /** The command line that runs `command` inside it. */
  inside(command: readonly string[]): string[];
  close(): void;
}

const BRIDGE = 'conjob0';
const MAKE_BRIDGE = [
  `ip link add name ${BRIDGE} type bridge`,
  `ip addr add 10.89.0.1/24 dev ${BRIDGE}`,
  `ip link set ${BRIDGE} up`,
];

/**
 * Makes a network namespace. It is held by a file descriptor of this process, not by a mount:
 * it goes when we go, and survives the engines that are started in it.
 * Needs root. Throws when the kernel refuses.
 */
export async function createNetworkNamespace({
  withBridge = false,
} = {}): Promise<NetworkNamespace> {
  const commands = ['ip link set lo up', ...(withBridge ? MAKE_BRIDGE : [])];
  // `read` keeps the maker alive until its namespace is held.
  const script = [...commands, 'echo up', 'read -r _'].join(' && ');
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
    bridge: withBridge ? BRIDGE : undefined,
    path,
    inside: (command) => ['nsenter', `--net=${path}`, '--', ...command],
    close: () => closeSync(fd),
  };
}
