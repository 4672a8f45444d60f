import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../binaries/run.ts';
import { crunOnHybrid } from './crun-on-hybrid.ts';
import { crunRuntime } from './runtimes.ts';

const UNIFIED = '/sys/fs/cgroup/unified';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runtimes-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the help, with a program of ours in place of crun: what its words are, and whether it sees version 2. */
async function help(...args: string[]): Promise<string> {
  const crun = join(folder, 'crun');
  const script = `#!/bin/sh\necho "$*" $(grep -c ' ${UNIFIED} ' /proc/self/mounts)\n`;
  writeFileSync(crun, script, { mode: 0o755 });
  const path = join(folder, 'help');
  writeFileSync(path, crunOnHybrid(crun), { mode: 0o755 });
  return (await run(path, args)).trim();
}

const isMounted = () => Number(readFileSync('/proc/self/mounts', 'utf8').includes(` ${UNIFIED} `));

test.runIf(process.arch === 'x64')(
  'hides cgroups of version 2 from what makes a container, and from nobody else',
  async () => {
    const here = isMounted();
    expect(await help('--root', '/r', 'create', '--bundle', '/b', 'id')).toBe(
      '--root /r create --bundle /b id 0',
    );
    expect(await help('--root', '/r', 'start', 'id')).toBe(`--root /r start id ${here}`);
    expect(await help('creates', 'c', 'recreate')).toBe(`creates c recreate ${here}`);
    expect(await help()).toBe(String(here));
    expect(isMounted()).toBe(here);
  },
);

test('what crun needs to run is a program of its own, written once', () => {
  const path = join(folder, 'new', 'crun');
  const { crun } = crunRuntime(path);
  if (crun?.path !== path) {
    expect(crun?.path).toMatch(/\/crun$/);
    return;
  }
  const { ino, mode } = statSync(path);
  expect(mode & 0o777).toBe(0o755);
  crunRuntime(path);
  expect(statSync(path).ino).toBe(ino);
});
