import { createHash } from 'node:crypto';
import { type Claim, canonicalImage, type JobSpec, parseImageReference } from '@conjob/shared';
import type { ContainerSpec } from './engine/engine.ts';
import { LABELS } from './engine/labels.ts';

/** What the worker adds to a job. */
export interface ContainerDefaults {
  readonly installation: string;
  readonly worker: string;
  readonly runtime: string | undefined;
  readonly maxOutputBytes: number;
  readonly leaseMs: number;
}

const DOCKER_DATA = '/var/lib/docker';
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
  { installation, worker, runtime, maxOutputBytes, leaseMs }: ContainerDefaults,
): ContainerSpec {
  const { spec } = claim;
  const useDockerCache = spec.useDockerCache ?? runtime === NESTING_RUNTIME;
  return {
    name: containerName(claim),
    image: imageId,
    entrypoint: spec.entrypoint,
    args: spec.args,
    env: { ...spec.env, CONJOB_JOB_ID: claim.id, CONJOB_ATTEMPT: String(claim.attempt) },
    workdir: spec.workdir,
    user: spec.user,
    labels: {
      [LABELS.job]: claim.id,
      [LABELS.attempt]: String(claim.attempt),
      [LABELS.installation]: installation,
      [LABELS.worker]: worker,
      [LABELS.leaseMs]: String(leaseMs),
      [LABELS.image]: spec.image,
      [LABELS.keepSeconds]: String(spec.remove ? 0 : spec.retentionSeconds),
      ...(spec.removeImage ? { [LABELS.removeImage]: 'true' } : {}),
    },
    stdin: spec.stdinBytes !== null,
    network: spec.network,
    memoryBytes: spec.resources.memoryBytes,
    cpus: spec.resources.cpus,
    pids: spec.resources.pids,
    runtime,
    volumes: useDockerCache
      ? [
          {
            name: dockerCacheVolume(spec),
            target: DOCKER_DATA,
            labels: { [LABELS.installation]: installation },
          },
        ]
      : [],
    stopTimeoutSeconds: spec.killTimeoutSeconds,
    logBytes: maxOutputBytes,
  };
}

/**
 * One volume per image. The readable part alone is not unique (`a/b-c` and `a-b/c` look the same):
 * the digits of the canonical reference's hash make it so.
 */
export function dockerCacheVolume({ image }: Pick<JobSpec, 'image'>): string {
  const canonical = canonicalImage(parseImageReference(image));
  const hash = createHash('sha256').update(canonical).digest('hex').slice(0, 8);
  const readable = image.replace(/[/:@]/g, '-').replace(/[^a-zA-Z0-9_.-]/g, '-');
  return `conjob-docker-cache-${readable}-${hash}`;
}
