import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fitsSocketPath, removeIfEmpty, runtimeFolder, socketPathFor } from './runtime-folder.ts';

const LONG = `/data/${'long/'.repeat(30)}`;

test('keeps a socket path the kernel takes', () => {
  expect(socketPathFor('/data/redis.sock', '/data', 'redis.sock')).toBe('/data/redis.sock');
});

test('puts a socket whose path is too long into a short private folder', () => {
  const path = socketPathFor(`${LONG}redis.sock`, LONG, 'redis.sock');
  expect(fitsSocketPath(path)).toBe(true);
  expect(statSync(runtimeFolder(LONG)).mode & 0o777).toBe(0o700);
  expect(path.startsWith(runtimeFolder(LONG))).toBe(true);
  removeIfEmpty(runtimeFolder(LONG));
});

test('counts bytes, not characters', () => {
  expect(fitsSocketPath(`/${'a'.repeat(106)}`)).toBe(true);
  expect(fitsSocketPath(`/${'ä'.repeat(54)}`)).toBe(false);
});
