import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { childProcesses } from './leaks.ts';
import { markedProcesses, newProcessMark } from './process-mark.ts';
import { signalAll } from './processes-of.ts';

/** Sleeps beyond the end of its parent, in a session of its own, as a reaper does. */
async function startOrphan(env: Readonly<Record<string, string>>): Promise<void> {
  const parent = spawn('sh', ['-c', 'setsid sleep 63 & sleep 0.1'], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: 'ignore',
  });
  await once(parent, 'close');
}

test('sees a process whose parent has ended, and that nobody has as a child', async () => {
  const [mark, other] = [newProcessMark(), newProcessMark()];
  await startOrphan(mark.env);
  try {
    await expect.poll(() => mark.pids()).toHaveLength(1);
    expect(markedProcesses()).toEqual(mark.pids());
    expect(childProcesses().filter(({ args }) => args[1] === '63')).toEqual([]);
    expect(other.pids()).toEqual([]);
  } finally {
    signalAll(mark.pids(), 'SIGKILL');
  }
  await expect.poll(() => markedProcesses()).toEqual([]);
});
