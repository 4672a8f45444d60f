import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import type { EngineAddress } from './connect-docker.ts';
import { withDeadline } from './deadline.ts';
import { get } from './dial.ts';

const LOOK_MS = 10_000;
const ASK_MS = 2_000;

interface DockerInfo {
  readonly Runtimes?: Readonly<Record<string, { readonly path?: string } | undefined>> | null;
}

/**
 * The version of the crun that an engine offers, as `componentVersions` has those of its other parts: an engine tells only
 * that of its own runtime. Nothing when the engine is on another machine, or the program is not where it says.
 */
export async function crunVersions(
  docker: Docker,
  address: EngineAddress,
): Promise<Readonly<Record<string, string>>> {
  if (!('socketPath' in address)) return {};
  const { Runtimes } = await withDeadline(LOOK_MS, 'other', (abortSignal) =>
    get<DockerInfo>(docker.modem, '/info', abortSignal),
  );
  const path = Runtimes?.['crun']?.path;
  if (path === undefined) return {};
  const asked = promisify(execFile)(path, ['--version'], { timeout: ASK_MS });
  return asked.then(
    ({ stdout }) => readVersions(stdout),
    () => ({}),
  );
}

/** `crun version 1.8.1`, and among other lines `+SYSTEMD +SELINUX …`. */
export function readVersions(said: string): Readonly<Record<string, string>> {
  const version = /^crun version (\S+)/m.exec(said)?.[1];
  if (version === undefined) return {};
  const hasKrun = /(^|\s)\+LIBKRUN(\s|$)/m.test(said);
  return { crun: version, ...(hasKrun ? { 'crun with libkrun': version } : {}) };
}
