import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimFolder, endLeftover, FolderInUseError } from './folder-claim.ts';
import { isAlive, startTicks } from './process-table.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'folder-claim-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function claimedBy(pid: number, ticks: string | undefined): void {
  writeFileSync(join(folder, 'owner.json'), JSON.stringify({ pid, startTicks: ticks ?? null }));
}

test('refuses a folder that a living process holds', () => {
  claimedBy(process.ppid, startTicks(process.ppid));
  expect(() => claimFolder(folder)).toThrow(FolderInUseError);
  expect(() => claimFolder(folder)).toThrow(`in use by process ${process.ppid}`);
});

test('refuses a second claim of the same process, until the first is released', () => {
  const release = claimFolder(folder);
  expect(() => claimFolder(folder)).toThrow(FolderInUseError);
  release();
  claimFolder(folder)();
});

test('takes over from a process that is gone, though its pid is used again', () => {
  claimedBy(process.ppid, '1');
  claimFolder(folder)();
  expect(existsSync(join(folder, 'owner.json'))).toBe(false);
});

test('ends a leftover by its pid file only if its command line is ours', async () => {
  const stranger = spawn('sleep', ['60']);
  const ended = once(stranger, 'exit');
  const pidFile = join(folder, 'pid');
  writeFileSync(pidFile, String(stranger.pid));
  await endLeftover(pidFile, (args) => args[0] === 'redis-server', 1_000);
  expect(isAlive(stranger.pid ?? 0)).toBe(true);
  expect(existsSync(pidFile)).toBe(false);
  writeFileSync(pidFile, String(stranger.pid));
  await endLeftover(pidFile, (args) => args[0] === 'sleep', 1_000);
  expect(await ended).toEqual([null, 'SIGTERM']);
});
