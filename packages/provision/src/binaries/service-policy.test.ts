import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { policyScript, withoutServices } from './service-policy.ts';

const ALLOWS = '#!/bin/sh\nexit 0\n';
const DENIES = '#!/bin/sh\nexit 101\n';
let folder: string;
let policy: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'service-policy-'));
  policy = join(folder, 'policy-rc.d');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What an installer started with `prefix` is told. */
function verdict(prefix: readonly string[]): number | null {
  const [command = policy, ...args] = [...prefix, policy];
  return spawnSync(command, [...args, 'redis-server', 'start']).status;
}

test('denies services on a machine without a policy, and leaves none behind', async () => {
  expect(await withoutServices(async (prefix) => verdict(prefix), policy)).toBe(101);
  expect(readdirSync(folder)).toEqual([]);
});

test('leaves a policy that denies as it is', async () => {
  writeFileSync(policy, DENIES, { mode: 0o755 });
  expect(await withoutServices(async (prefix) => verdict(prefix), policy)).toBe(101);
  expect(readFileSync(policy, 'utf8')).toBe(DENIES);
});

test('overrules a policy that allows for its own installer only', async () => {
  writeFileSync(policy, ALLOWS, { mode: 0o755 });
  const verdicts = await withoutServices(async (prefix) => [verdict(prefix), verdict([])], policy);
  expect(verdicts).toEqual([101, 0]);
  expect(readFileSync(policy, 'utf8')).toBe(ALLOWS);
});

test('is removed when the installation fails', async () => {
  const failing = withoutServices(() => Promise.reject(new Error('no network')), policy);
  await expect(failing).rejects.toThrow('no network');
  expect(existsSync(policy)).toBe(false);
});

test('counts what a crashed installation left as nothing', async () => {
  writeFileSync(policy, policyScript(process.pid, '1'), { mode: 0o755 });
  expect(verdict([])).toBe(0); // another process has that pid by now
  expect(await withoutServices(async (prefix) => verdict(prefix), policy)).toBe(101);
  expect(existsSync(policy)).toBe(false);
});
