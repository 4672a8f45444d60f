import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { tar } from './tar.ts';

test('writes what the system tar reads', () => {
  const archive = tar([
    { path: 'run', content: Buffer.from('#!/bin/sh\n'), mode: 0o755 },
    { path: 'etc/name', content: Buffer.alloc(600, 'x'), mode: 0o400, uid: 1000, gid: 100 },
  ]);
  const { stdout } = spawnSync('tar', ['--list', '--verbose', '--numeric-owner'], {
    input: archive,
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' },
  });
  const lines = String(stdout).trim().split('\n');
  expect(lines.map((line) => line.replace(/ +/g, ' '))).toEqual([
    '-rwxr-xr-x 0/0 10 1970-01-01 00:00 run',
    '-r-------- 1000/100 600 1970-01-01 00:00 etc/name',
  ]);
});

test('refuses a path that does not fit', () => {
  const file = { path: 'x'.repeat(101), content: Buffer.alloc(0), mode: 0 };
  expect(() => tar([file])).toThrow(RangeError);
});
