import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clearEngine, FolderInUseError, isAlive } from '@conjob/provision';
import { unmountDisk } from './small-disk.ts';

const PREFIX = 'conjob-test-';
const POLL_MS = 50;
/** Below a temporary folder: where a Redis keeps its files, on a disk of their own perhaps. */
export const REDIS_FOLDER = 'redis';

export interface TempFolder {
  readonly path: string;
  remove(): void;
}

/** A new folder below the temporary folder; its name tells which process has to remove it. */
export function tempFolder(): TempFolder {
  const path = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Removes what test runs left behind that were killed, mounts and engines included. */
export async function sweepAbandoned(): Promise<void> {
  const abandoned = readdirSync(tmpdir()).filter((name) => {
    const [, pid] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
    return pid !== undefined && !isAlive(Number(pid));
  });
  for (const name of abandoned) {
    const path = join(tmpdir(), name);
    try {
      if (existsSync(join(path, 'engine'))) await clearEngine(path);
    } catch (error) {
      if (error instanceof FolderInUseError) continue; // another run sweeps it right now
      throw error;
    }
    if (existsSync(join(path, REDIS_FOLDER))) await unmountDisk(join(path, REDIS_FOLDER));
    rmSync(path, { recursive: true, force: true });
  }
}

/** The same as soon as process `pid` is gone. */
export async function sweepAfter(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(POLL_MS);
  await sweepAbandoned();
}
