import { closeSync, openSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const MIB = 1024 * 1024;

/** Writes one file until not a byte more fits. */
export function fill(folder: string): string {
  const path = join(folder, 'filling');
  const file = openSync(path, 'w');
  try {
    for (let size = MIB; size >= 1; size /= 2) {
      const piece = Buffer.alloc(size);
      while (writes(file, piece)) {}
    }
  } finally {
    closeSync(file);
  }
  return path;
}

function writes(file: number, piece: Buffer): boolean {
  try {
    return writeSync(file, piece) === piece.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}

export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
