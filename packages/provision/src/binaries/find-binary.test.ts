import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findBinary, searchPath } from './find-binary.ts';

const folder = mkdtempSync(join(tmpdir(), 'find-binary-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('finds an executable file, and nothing else', () => {
  const file = join(folder, 'tool');
  writeFileSync(file, '#!/bin/sh\n');
  expect(findBinary('tool', folder)).toBeUndefined();
  chmodSync(file, 0o755);
  expect(findBinary('tool', `/nowhere:${folder}`)).toBe(file);
  expect(findBinary('..', folder)).toBeUndefined();
});

test('looks where daemons live, after the folders of PATH', () => {
  expect(searchPath('/a:/usr/sbin')).toBe('/a:/usr/sbin:/usr/local/sbin:/sbin');
});
