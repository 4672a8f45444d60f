import type { ContainerCreateOptions } from 'dockerode';
import type { ContainerSpec, MemoryLimits, NamedVolume } from '../engine.ts';
import { sandboxOptions } from './sandbox-options.ts';

/** The engine writes a few bytes more than the output itself for each write of the container. */
const LOG_OVERHEAD = 1.5;
const MIN_LOG_BYTES = 1024 * 1024;

/** A container spec as `POST /containers/create` takes it. */
export function containerOptions(spec: ContainerSpec): ContainerCreateOptions {
  return {
    Image: spec.image,
    ...(spec.entrypoint ? { Entrypoint: [...spec.entrypoint] } : {}),
    ...(spec.args.length > 0 ? { Cmd: [...spec.args] } : {}),
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    ...(spec.workdir ? { WorkingDir: spec.workdir } : {}),
    ...(spec.sandbox.user === null ? {} : { User: spec.sandbox.user }),
    Labels: { ...spec.labels },
    AttachStdout: true,
    AttachStderr: true,
    AttachStdin: spec.stdin,
    OpenStdin: spec.stdin,
    StdinOnce: spec.stdin,
    StopTimeout: spec.stopTimeoutSeconds,
    HostConfig: {
      ...sandboxOptions(spec.sandbox),
      ...(spec.joins === undefined ? {} : { NetworkMode: `container:${spec.joins}` }),
      Mounts: spec.volumes.map(mount),
      // json-file alters bytes that are not UTF-8, and rotation loses output: one exact file instead.
      LogConfig: {
        Type: 'local',
        Config: {
          'max-size': String(Math.max(MIN_LOG_BYTES, Math.ceil(spec.logBytes * LOG_OVERHEAD))),
          'max-file': '1',
          compress: 'false',
        },
      },
    },
  };
}

export function mount({ name, target, labels, isReadOnly = false, memory }: NamedVolume) {
  return {
    Type: 'volume' as const,
    Source: name,
    Target: target,
    ReadOnly: isReadOnly,
    VolumeOptions: {
      // What an image has at the same place must not get into what is somebody else's.
      NoCopy: memory !== undefined,
      Labels: { ...labels },
      DriverConfig: memory ? inMemory(memory) : { Name: '', Options: {} },
    },
  };
}

function inMemory({ sizeBytes, mode }: MemoryLimits) {
  const limits = `size=${sizeBytes},mode=${mode.toString(8)},nosuid,nodev,noexec`;
  return { Name: 'local', Options: { type: 'tmpfs', device: 'tmpfs', o: limits } };
}
