import type { JobSpec, Sandbox } from '@conjob/shared';
import { option } from './docker-option.ts';

/** The options of `docker run` for a sandbox: what is as in plain `docker run` is left out. */
export function sandboxFlags(sandbox: Sandbox): string[] {
  const { memoryBytes, swapBytes, cpus, pids } = sandbox;
  return [
    ...option('--user', sandbox.user),
    ...option('--network', sandbox.network === 'none' ? 'none' : null),
    // The engine's own runtime has this name nearly everywhere.
    ...option('--runtime', sandbox.runtime === 'runc' ? null : sandbox.runtime),
    ...sandbox.droppedCapabilities.flatMap((name) => option('--cap-drop', name)),
    ...(sandbox.noNewPrivileges
      ? ['--security-opt', 'no-new-privileges', '--cgroupns', 'private']
      : []),
    ...(sandbox.readOnlyRoot ? ['--read-only'] : []),
    ...Object.entries(sandbox.tmpfs).flatMap(([folder, bytes]) =>
      option('--tmpfs', `${folder}:size=${bytes}`),
    ),
    ...(sandbox.init ? ['--init'] : []),
    ...option('--memory', memoryBytes),
    ...option(
      '--memory-swap',
      memoryBytes === null || swapBytes === null ? null : memoryBytes + swapBytes,
    ),
    // The client refuses more decimals than nine: the engine has had it rounded, too.
    ...option('--cpus', cpus && Math.round(cpus * 1e9) / 1e9),
    ...option('--pids-limit', pids),
  ];
}

/** What a job asks for that has had no container yet: what a worker adds to it is not known. */
export function askedSandbox({ profile, network, user, init, resources }: JobSpec): Sandbox {
  return {
    profile,
    runtime: 'runc',
    network,
    droppedCapabilities: [],
    noNewPrivileges: false,
    seccomp: true,
    readOnlyRoot: false,
    tmpfs: {},
    user: user ?? null,
    init,
    memoryBytes: resources.memoryBytes ?? null,
    swapBytes: resources.memoryBytes === undefined ? null : 0,
    cpus: resources.cpus ?? null,
    pids: resources.pids ?? null,
  };
}
