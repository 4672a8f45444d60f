import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** sockaddr_un holds 108 bytes, one of them the closing zero. */
const SOCKET_PATH_MAX_BYTES = 107;

/** Eight hex digits that stand for a data folder in short names. */
export function folderHash(dataDir: string): string {
  return createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 8);
}

/** Whether a unix socket can be made at `path`. */
export function fitsSocketPath(path: string): boolean {
  return Buffer.byteLength(path) <= SOCKET_PATH_MAX_BYTES;
}

/**
 * A short private folder (0700) for the sockets of a data folder, the same one every time.
 * Throws if somebody else's folder is in its place.
 */
export function runtimeFolder(dataDir: string): string {
  const parent = process.getuid?.() === 0 ? '/run/conjob' : join(tmpdir(), `conjob-${userId()}`);
  const folder = join(parent, folderHash(dataDir));
  for (const path of [parent, folder]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const stat = lstatSync(path);
    // In a shared temporary folder anyone could have made it first.
    if (!stat.isDirectory() || stat.uid !== userId() || (stat.mode & 0o077) !== 0) {
      throw new Error(`${path} is not a private folder of user ${userId()}`);
    }
  }
  return folder;
}

/** Removes a folder unless others still use it. */
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // In use, or gone.
  }
}

/** `wanted` if a unix socket fits there, else a place of that name in the runtime folder. */
export function socketPathFor(wanted: string, dataDir: string, name: string): string {
  return fitsSocketPath(wanted) ? wanted : join(runtimeFolder(dataDir), name);
}

function userId(): number {
  return process.getuid?.() ?? 0;
}
