import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../binaries/run.ts';
import { endProcess } from '../service/end-process.ts';
import { type ProcessEntry, processTable } from '../service/process-table.ts';
import type { EngineFolders } from './engine-folders.ts';

/** dockerd without live-restore stops its containers first. */
const GRACE_MS = 30_000;

/**
 * Ends whatever of an engine is left once its dockerd is gone: its containerd, its shims and
 * their containers. Nothing is left after an orderly stop; a killed dockerd leaves all of it.
 */
export async function endLeftovers(folders: EngineFolders): Promise<void> {
  const shims = engineProcesses(folders).filter(isShim);
  const containers = processTable().filter((entry) => shims.some((s) => s.pid === entry.parentPid));
  // The containers first: a job must not run on without its shim.
  for (const { pid } of [...containers, ...shims]) await endProcess(pid, 0);
  await endDaemons(folders);
}

/**
 * Ends dockerd and containerd and leaves containers alone, for a new dockerd to take over.
 * The pid file of containerd goes too: dockerd would trust it, even if that process is a zombie
 * or a stranger by now, and wait in vain for its socket.
 */
export async function endDaemons(folders: EngineFolders): Promise<void> {
  const daemons = engineProcesses(folders).filter((entry) => !isShim(entry));
  for (const { pid } of daemons) await endProcess(pid, GRACE_MS);
  rmSync(folders.pidFile, { force: true });
  rmSync(join(folders.execRoot, 'containerd/containerd.pid'), { force: true });
}

function isShim({ args }: ProcessEntry): boolean {
  return args[0]?.includes('containerd-shim') === true;
}

/** The dockerd, containerd and shims of one engine, known by the paths in their command lines. */
export function engineProcesses({ execRoot, pidFile }: EngineFolders): ProcessEntry[] {
  return processTable().filter(
    ({ pid, args }) =>
      pid !== process.pid &&
      /(^|\/)(dockerd|containerd|containerd-shim[^/]*)$/.test(args[0] ?? '') &&
      args.some((arg) => arg.includes(`${execRoot}/`) || arg === `--pidfile=${pidFile}`),
  );
}

/** Unmounts everything in the engine's folders (the data root is bound to itself), the deepest first. */
export async function unmountAll({ dataRoot, runtimeDir }: EngineFolders): Promise<void> {
  for (const path of mountsBelow([dataRoot, runtimeDir])) {
    await run('umount', ['--lazy', path]).catch(() => {}); // gone meanwhile, with its parent
  }
}

function mountsBelow(folders: readonly string[]): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => unescapePath(line.split(' ')[1] ?? ''))
    .filter((path) => folders.some((folder) => `${path}/`.startsWith(`${folder}/`)))
    .reverse();
}

/** /proc writes a blank in a path as \040. */
function unescapePath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
