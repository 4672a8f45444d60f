import { mkdirSync } from 'node:fs';
import { run } from '@conjob/provision';

/** Makes a disk of this size, in memory, that can be full. */
export async function mountDisk(path: string, bytes: number): Promise<void> {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'tmpfs', path]);
}

/** Whatever uses it still, and whether or not it is one. */
export async function unmountDisk(path: string): Promise<void> {
  await run('umount', ['--lazy', path]).catch(() => {});
}
