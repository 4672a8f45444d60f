import type { Sandbox } from '@conjob/shared';
import type { HostConfig } from 'dockerode';

/** A sandbox as the engine takes it. What is not here is as in `docker run`: seccomp, masked paths, own namespaces. */
export function sandboxOptions(sandbox: Sandbox): HostConfig {
  const { memoryBytes, swapBytes, cpus, pids } = sandbox;
  return {
    NetworkMode: sandbox.network,
    Runtime: sandbox.runtime,
    CapDrop: [...sandbox.droppedCapabilities],
    SecurityOpt: sandbox.noNewPrivileges ? ['no-new-privileges'] : [],
    // The host's is the default of engines on cgroups v1.
    ...(sandbox.noNewPrivileges ? { CgroupnsMode: 'private' as const } : {}),
    ReadonlyRootfs: sandbox.readOnlyRoot,
    // The engine adds noexec, nosuid and nodev.
    Tmpfs: Object.fromEntries(
      Object.entries(sandbox.tmpfs).map(([folder, bytes]) => [folder, `size=${bytes}`]),
    ),
    // Also where the engine is configured to give every container one.
    Init: sandbox.init,
    ...(memoryBytes === null ? {} : { Memory: memoryBytes }),
    // The engine counts swap with the memory.
    ...(memoryBytes === null || swapBytes === null ? {} : { MemorySwap: memoryBytes + swapBytes }),
    ...(cpus === null ? {} : { NanoCpus: Math.round(cpus * 1e9) }),
    ...(pids === null ? {} : { PidsLimit: pids }),
  };
}
