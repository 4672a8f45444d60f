import { DEFAULT_PIDS, type JobSpec, refusals, type Sandbox } from '@conjob/shared';
import { type EngineDescription, EngineError, type LocalImage } from '../engine/engine.ts';
import type { SandboxSettings } from './sandbox-settings.ts';
import { untrustedParts } from './untrusted.ts';

type SandboxedSpec = Pick<
  JobSpec,
  'profile' | 'network' | 'user' | 'init' | 'useDockerCache' | 'resources'
>;
export type SandboxedImage = Pick<LocalImage, 'user' | 'volumes'>;

/** To send forged packets, to make devices, and to write into the kernel's audit log. */
const DROPPED = ['NET_RAW', 'MKNOD', 'AUDIT_WRITE'];

/**
 * What confines the container of a job on this engine. Throws {@link EngineError} `sandbox.refused` when the
 * job asks for more than it may, or the engine lacks a part that its profile rests on: nothing is left out
 * without a word.
 */
export function decideSandbox(
  spec: SandboxedSpec,
  image: SandboxedImage,
  host: EngineDescription,
  settings: SandboxSettings,
): Sandbox {
  const isTrusted = spec.profile === 'trusted';
  const bounds = { ...settings, memoryBytes: settings.memoryBytes ?? host.memoryBytes };
  const refused = refusals(spec, bounds);
  if (refused.length > 0) {
    const reasons = refused.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new EngineError('sandbox.refused', reasons.join(' '));
  }
  const memoryBytes = host.limits.memory ? memoryOf(spec, host, settings) : null;
  const confined: Sandbox = {
    profile: spec.profile,
    runtime: settings.runtime ?? host.defaultRuntime,
    network: spec.network,
    droppedCapabilities: isTrusted ? [] : DROPPED,
    noNewPrivileges: !isTrusted,
    seccomp: host.hasSeccomp,
    readOnlyRoot: false,
    tmpfs: {},
    user: spec.user ?? null,
    init: spec.init,
    memoryBytes,
    swapBytes: memoryBytes === null || !host.limits.swap ? null : settings.swapBytes,
    cpus: host.limits.cpus ? cpusOf(spec, host, settings) : null,
    pids: host.limits.pids ? pidsOf(spec, settings) : null,
  };
  if (spec.profile !== 'untrusted') return confined;
  return { ...confined, ...untrustedParts(confined, image, host, settings) };
}

/** One that fills its memory must not fill that of the host. */
function memoryOf(
  { profile, resources }: SandboxedSpec,
  host: EngineDescription,
  settings: SandboxSettings,
): number | null {
  const standard = profile === 'trusted' ? null : Math.floor(host.memoryBytes / 2);
  return resources.memoryBytes ?? settings.memoryBytes ?? standard;
}

/** The engine refuses more than it has: a job that asks for too much hears of it, one that does not runs. */
function cpusOf(
  { resources }: SandboxedSpec,
  host: EngineDescription,
  { cpus }: SandboxSettings,
): number | null {
  return resources.cpus ?? (cpus === undefined ? null : Math.min(cpus, host.cpus));
}

function pidsOf({ profile, resources }: SandboxedSpec, { pids }: SandboxSettings): number | null {
  return resources.pids ?? pids ?? (profile === 'trusted' ? null : DEFAULT_PIDS);
}
