import type Docker from 'dockerode';
import { type EngineDescription, EngineError } from '../engine.ts';
import { get } from './dial.ts';

interface DockerInfo {
  readonly ID: string;
  readonly ServerVersion: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly Runtimes?: Readonly<Record<string, unknown>> | null;
  readonly DefaultRuntime: string;
  readonly SecurityOptions?: readonly string[] | null;
  readonly MemoryLimit: boolean;
  readonly SwapLimit: boolean;
  readonly CpuCfsQuota: boolean;
  readonly PidsLimit: boolean;
  readonly ContainerdCommit?: { readonly ID: string };
}

/** What an engine calls the version of a containerd that is away, until it has started another one. */
const NO_CONTAINERD = 'N/A';

export async function describeEngine(
  docker: Docker,
  abortSignal: AbortSignal,
): Promise<EngineDescription> {
  const info = await get<DockerInfo>(docker.modem, '/info', abortSignal);
  if (info.ContainerdCommit?.ID === NO_CONTAINERD) {
    throw new EngineError('engine.unavailable', 'its containerd does not answer');
  }
  return {
    id: info.ID,
    version: info.ServerVersion,
    cpus: info.NCPU,
    memoryBytes: info.MemTotal,
    runtimes: Object.keys(info.Runtimes ?? {}),
    defaultRuntime: info.DefaultRuntime,
    hasSeccomp: (info.SecurityOptions ?? []).some(isSeccomp),
    limits: {
      memory: info.MemoryLimit,
      swap: info.SwapLimit,
      cpus: info.CpuCfsQuota,
      pids: info.PidsLimit,
    },
  };
}

/** `name=seccomp,profile=default`, later `builtin`, or the path of an operator's own. */
function isSeccomp(option: string): boolean {
  return /(^|,)name=seccomp(,|$)/.test(option) && !/(^|,)profile=unconfined(,|$)/.test(option);
}
