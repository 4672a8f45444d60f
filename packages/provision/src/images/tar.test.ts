import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { tar } from './tar.ts';

function list(archive: Buffer): string[] {
  const { stdout } = spawnSync('tar', ['--list', '--verbose', '--numeric-owner'], {
    input: archive,
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' },
  });
  return stdout
    .toString()
    .trim()
    .split('\n')
    .map((line) => line.replace(/ +/g, ' '));
}

test('writes what the system tar reads', () => {
  const archive = tar([
    { path: 'tmp', folderMode: 0o1777 },
    { path: 'etc/name', content: 'x'.repeat(600) },
    { path: 'bin/run', content: Buffer.from('#!/bin/sh\n'), mode: 0o755 },
    { path: 'bin/link', linkTo: 'run' },
  ]);
  expect(list(archive)).toEqual([
    'drwxrwxrwt 0/0 0 1970-01-01 00:00 tmp/',
    '-rw-r--r-- 0/0 600 1970-01-01 00:00 etc/name',
    '-rwxr-xr-x 0/0 10 1970-01-01 00:00 bin/run',
    'lrwxrwxrwx 0/0 0 1970-01-01 00:00 bin/link -> run',
  ]);
});

test('refuses a path that does not fit', () => {
  expect(() => tar([{ path: 'x'.repeat(101), content: '' }])).toThrow(RangeError);
});
