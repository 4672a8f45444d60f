import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { withMachineLock } from './machine-lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'machine-lock-'));
const file = join(folder, 'lock');
afterAll(() => rmSync(folder, { recursive: true }));

test('lets one in at a time', async () => {
  let inside = 0;
  const task = async (): Promise<number> => {
    inside += 1;
    await sleep(50);
    const seen = inside;
    inside -= 1;
    return seen;
  };
  const seen = await Promise.all([1, 2, 3].map(() => withMachineLock(file, task)));
  expect(seen).toEqual([1, 1, 1]);
});

test('gives up when the lock stays taken', async () => {
  await withMachineLock(file, async () => {
    await expect(withMachineLock(file, async () => {}, 0.1)).rejects.toThrow('was not free');
  });
});

test('is free again after a task that failed', async () => {
  const failing = withMachineLock(file, () => Promise.reject(new Error('failed')));
  await expect(failing).rejects.toThrow('failed');
  expect(await withMachineLock(file, async () => 'in')).toBe('in');
});
