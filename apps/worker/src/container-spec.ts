import type { Claim, Sandbox } from '@conjob/shared';
import { dockerCache } from './docker-cache.ts';
import type { ContainerSpec } from './engine/engine.ts';
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

/** The container of one attempt: the layer over `docker run`, and all of it. */
export function containerSpec(
  claim: Claim,
  imageId: string,
  sandbox: Sandbox,
  { installation, worker, maxOutputBytes, leaseMs }: ContainerDefaults,
): ContainerSpec {
  const { spec } = claim;
  const useDockerCache = spec.useDockerCache ?? mayNest(sandbox);
  return {
    name: containerName(claim),
    image: imageId,
    entrypoint: spec.entrypoint,
    args: spec.args,
    env: { ...spec.env, CONJOB_JOB_ID: claim.id, CONJOB_ATTEMPT: String(claim.attempt) },
    workdir: spec.workdir,
    labels: {
      [LABELS.job]: claim.id,
      [LABELS.attempt]: String(claim.attempt),
      [LABELS.installation]: installation,
      [LABELS.worker]: worker,
      [LABELS.leaseMs]: String(leaseMs),
      [LABELS.profile]: sandbox.profile,
      [LABELS.image]: spec.image,
      [LABELS.keepSeconds]: String(spec.remove ? 0 : spec.retentionSeconds),
      ...(spec.removeImage ? { [LABELS.removeImage]: 'true' } : {}),
    },
    stdin: spec.stdinBytes !== null,
    sandbox,
    volumes: useDockerCache ? [dockerCache(spec.image, installation)] : [],
    stopTimeoutSeconds: spec.killTimeoutSeconds,
    logBytes: maxOutputBytes,
  };
}

function mayNest({ runtime, profile }: Sandbox): boolean {
  return runtime === NESTING_RUNTIME && profile !== 'untrusted';
}
