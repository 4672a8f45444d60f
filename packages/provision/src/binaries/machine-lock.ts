import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { childEnvironment } from '../service/child-environment.ts';

/**
 * Runs `task` while holding an exclusive lock on `file`, across processes.
 * The lock belongs to a `flock` child that reads from us: it goes when we go, however we end.
 * Throws if the lock is not free within `waitSeconds`.
 */
export async function withMachineLock<T>(
  file: string,
  task: () => Promise<T>,
  waitSeconds = 300,
): Promise<T> {
  const holder = spawn(
    'flock',
    ['--wait', String(waitSeconds), file, 'sh', '-c', 'echo held; exec cat >/dev/null'],
    { stdio: ['pipe', 'pipe', 'ignore'], env: childEnvironment() },
  );
  const ended = once(holder, 'exit');
  const held = await Promise.race([once(holder.stdout, 'data').then(() => true), ended]);
  if (held !== true) throw new Error(`The lock ${file} was not free within ${waitSeconds} s`);
  try {
    return await task();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
