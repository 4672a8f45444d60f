import { posix } from 'node:path';
import { type Claim, type Sandbox, type SecretValues, traceEnvironment } from '@conjob/shared';
import { dockerCache } from './docker-cache.ts';
import type { ContainerSpec, NamedVolume } from './engine/engine.ts';
import { LABELS } from './engine/labels.ts';

/** What the worker adds to a job. */
export interface ContainerDefaults {
  readonly installation: string;
  readonly worker: string;
  readonly maxOutputBytes: number;
  readonly leaseMs: number;
}

/** The runtime under which an image can run a Docker engine of its own. */
const NESTING_RUNTIME = 'sysbox-runc';

/** Job and attempt: the engine itself refuses a second container for the same attempt. */
export function containerName({ id, attempt }: Pick<Claim, 'id' | 'attempt'>): string {
  return `conjob-${id}-${attempt}`;
}

/** On whatever is made for one attempt: by these it is known whose it is. */
export function ownerLabels(
  { id, attempt }: Pick<Claim, 'id' | 'attempt'>,
  { installation, worker, leaseMs }: ContainerDefaults,
): Record<string, string> {
  return {
    [LABELS.job]: id,
    [LABELS.attempt]: String(attempt),
    [LABELS.installation]: installation,
    [LABELS.worker]: worker,
    [LABELS.leaseMs]: String(leaseMs),
  };
}

/** The secrets of one attempt, in the open. */
export interface OpenSecrets {
  readonly env?: SecretValues;
  /** Where the secret of its image is. */
  readonly volume?: NamedVolume | undefined;
}

/** The container of one attempt: the layer over `docker run`, and all of it. */
export function containerSpec(
  claim: Claim,
  imageId: string,
  sandbox: Sandbox,
  defaults: ContainerDefaults,
  { env: secretEnv, volume: secret }: OpenSecrets = {},
): ContainerSpec {
  const { spec } = claim;
  const { installation, maxOutputBytes } = defaults;
  const useDockerCache = spec.useDockerCache ?? mayNest(sandbox);
  const volumes = [
    ...(useDockerCache ? [dockerCache(spec.image, installation)] : []),
    ...(secret ? [secret] : []),
  ];
  return {
    name: containerName(claim),
    image: imageId,
    entrypoint: spec.entrypoint,
    args: spec.args,
    env: {
      ...traceEnvironment(spec),
      ...spec.env,
      ...secretEnv,
      CONJOB_JOB_ID: claim.id,
      CONJOB_ATTEMPT: String(claim.attempt),
    },
    workdir: spec.workdir,
    labels: {
      ...ownerLabels(claim, defaults),
      [LABELS.profile]: sandbox.profile,
      [LABELS.image]: spec.image,
      [LABELS.keepSeconds]: String(spec.remove ? 0 : spec.retentionSeconds),
      ...(spec.removeImage ? { [LABELS.removeImage]: 'true' } : {}),
      ...(secret ? { [LABELS.secretVolume]: secret.name } : {}),
    },
    stdin: spec.stdinBytes !== null,
    sandbox: { ...sandbox, tmpfs: besides(volumes, sandbox.tmpfs) },
    volumes,
    stopTimeoutSeconds: spec.killTimeoutSeconds,
    logBytes: maxOutputBytes,
  };
}

/** Not what the image calls a volume at the place of one of ours: it would hide that. */
function besides(volumes: readonly NamedVolume[], tmpfs: Sandbox['tmpfs']): Sandbox['tmpfs'] {
  const taken = new Set(volumes.map(({ target }) => target));
  const isFree = (folder: string) => !taken.has(posix.resolve('/', folder));
  return Object.fromEntries(Object.entries(tmpfs).filter(([folder]) => isFree(folder)));
}

function mayNest({ runtime, profile }: Sandbox): boolean {
  return runtime === NESTING_RUNTIME && profile !== 'untrusted';
}
