import { dirname, join } from 'node:path';
import { childProcesses, type TestEngine } from '@conjob/testkit';

/** dockerd, its containerd, the shims of its containers, and all that runs in these. */
export function engineProcesses({ pid }: Pick<TestEngine, 'pid'>): number[] {
  const own = childProcesses(pid);
  const configs = own.map(({ args }) => args[args.indexOf('--config') + 1] ?? '');
  const config = configs.find((path) => path.endsWith('/containerd.toml'));
  if (config === undefined) throw new Error('The engine has no containerd of its own');
  const socket = join(dirname(config), 'containerd.sock');
  // Shims do not stay children of who started them.
  const shims = childProcesses(1).filter(({ args }) => args.includes(socket));
  const inside = shims.flatMap((shim) => childProcesses(shim.pid));
  return [pid, ...[...own, ...shims, ...inside].map((one) => one.pid)];
}
