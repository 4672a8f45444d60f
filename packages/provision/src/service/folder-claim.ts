import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endProcess } from './end-process.ts';
import { commandLine, isAlive, startTicks } from './process-table.ts';

/** Two instances of ConJob were given one data folder. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';
}

/** The folders this process holds. */
const claimed = new Set<string>();

interface Claim {
  readonly pid: number;
  readonly startTicks: string | null;
}

/**
 * Makes this process the owner of `folder` (created if missing), so that no two servers ever
 * write to one set of files. The claim of a process that is gone counts for nothing.
 *
 * Returns the release. Throws `FolderInUseError`.
 */
export function claimFolder(folder: string): () => void {
  if (claimed.has(folder)) throw new FolderInUseError(`${folder} is in use by this process`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'owner.json');
  if (!writeClaim(file)) {
    const owner = readClaim(file);
    if (owner !== undefined && owner.pid !== process.pid && isHeld(owner))
      throw inUse(folder, owner);
    rmSync(file, { force: true });
    // Of two that find the claim of a dead one at the same time, one comes too late here.
    if (!writeClaim(file)) throw inUse(folder, readClaim(file));
  }
  claimed.add(folder);
  return () => {
    claimed.delete(folder);
    rmSync(file, { force: true });
  };
}

/**
 * Ends what a crashed owner left running. The pid in `pidFile` counts only if that process'
 * command line is truly ours: numbers are used again.
 */
export async function endLeftover(
  pidFile: string,
  isOurs: (args: readonly string[]) => boolean,
  graceMs: number,
): Promise<void> {
  const pid = Number.parseInt(readOrEmpty(pidFile), 10);
  if (pid > 1 && isOurs(commandLine(pid) ?? [])) await endProcess(pid, graceMs);
  rmSync(pidFile, { force: true });
}

/** False when there is a claim already, whoever's. */
function writeClaim(file: string): boolean {
  const claim: Claim = { pid: process.pid, startTicks: startTicks(process.pid) ?? null };
  try {
    writeFileSync(file, JSON.stringify(claim), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

function inUse(folder: string, owner: Claim | undefined): FolderInUseError {
  return new FolderInUseError(`${folder} is in use by process ${owner?.pid ?? '?'}`);
}

function isHeld({ pid, startTicks: ticks }: Claim): boolean {
  return isAlive(pid) && (startTicks(pid) ?? null) === ticks;
}

function readClaim(file: string): Claim | undefined {
  try {
    return JSON.parse(readOrEmpty(file)) as Claim;
  } catch {
    return undefined;
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
