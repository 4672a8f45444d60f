import { isNonRoot, type Sandbox } from '@conjob/shared';
import { type EngineDescription, EngineError } from '../engine/engine.ts';
import type { SandboxedImage } from './decide-sandbox.ts';
import type { SandboxSettings } from './sandbox-settings.ts';

const GVISOR = 'runsc';
const NOBODY = '65534:65534';
/** Each folder takes memory of the host before anything is written to it. */
const MAX_VOLUMES = 16;
/** A runtime by the name of its shim: engines do not list these. */
const SHIM = /^io\.containerd\./;

/** What an untrusted container has instead of, or besides, what others have. */
export function untrustedParts(
  { user, runtime }: Pick<Sandbox, 'user' | 'runtime'>,
  image: SandboxedImage,
  host: EngineDescription,
  settings: SandboxSettings,
): Partial<Sandbox> {
  requireParts(host);
  if (image.volumes.length > MAX_VOLUMES) {
    throw refused(`the image has more than ${MAX_VOLUMES} volumes`);
  }
  // What an image calls a volume is writable, and on the disk of the host: it gets memory in its place.
  const folders = ['/tmp', ...image.volumes];
  return {
    runtime: runtimeOf(settings.untrustedRuntime, runtime, host),
    droppedCapabilities: ['ALL'],
    readOnlyRoot: true,
    tmpfs: Object.fromEntries(folders.map((folder) => [folder, settings.untrustedTmpBytes])),
    user: userOf(user, image.user),
  };
}

function requireParts({ hasSeccomp, limits }: EngineDescription): void {
  const missing = [
    ...(hasSeccomp ? [] : ['seccomp']),
    ...(limits.memory ? [] : ['a memory limit']),
    ...(limits.pids ? [] : ['a limit of processes']),
  ];
  if (missing.length > 0) throw refused(`the engine has no ${missing.join(', no ')}`);
}

function runtimeOf(asked: string | undefined, usual: string, { runtimes }: EngineDescription) {
  if (asked === undefined) return runtimes.includes(GVISOR) ? GVISOR : usual;
  if (!runtimes.includes(asked) && !SHIM.test(asked)) {
    throw refused(`the engine has no runtime ${asked}, which UNTRUSTED_RUNTIME names`);
  }
  return asked;
}

/** With its group: the one that the image's own files give a user could be root's. */
function userOf(asked: string | null, imageUser: string): string {
  const user = asked ?? (isNonRoot(imageUser) ? imageUser : NOBODY);
  return user.includes(':') ? user : `${user}:${user}`;
}

function refused(reason: string): EngineError {
  return new EngineError('sandbox.refused', reason);
}
