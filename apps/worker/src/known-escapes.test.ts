import { expect, inject, test } from 'vitest';
import { componentVersions } from './engine/docker/component-versions.ts';
import { connectDocker } from './engine/docker/connect-docker.ts';
import { escapeWarnings } from './known-escapes.ts';
import { closeIdleConnections } from './testing/services.ts';

closeIdleConnections();

test.each([
  ['1.1.5+ds1', ['CVE-2024-21626', 'CVE-2025-31133']],
  ['1.1.11', ['CVE-2024-21626', 'CVE-2025-31133']],
  ['1.1.12', ['CVE-2025-31133']],
  ['v1.2.7', ['CVE-2025-31133']],
  ['1.2.8', []],
  ['1.3.2', ['CVE-2025-31133']],
  ['1.3.3', []],
  ['1.4.0', []],
  ['2.0.0', []],
  ['unknown', []],
])('runc %s is known for %j', (runc, ids) => {
  const warnings = escapeWarnings({ runc });
  expect(warnings).toHaveLength(ids.length);
  for (const [index, id] of ids.entries()) expect(warnings[index]?.message).toContain(id);
});

test.each([
  [{ crun: '0.10.4' }, ['CVE-2019-18837']],
  [{ crun: '1.8.1' }, []],
  [{ 'crun with libkrun': '1.19.1' }, ['CVE-2025-24965']],
  [{ 'crun with libkrun': '1.20' }, []],
])('%j is known for %j', (versions: Record<string, string>, ids) => {
  const warnings = escapeWarnings(versions);
  expect(warnings).toHaveLength(ids.length);
  for (const [index, id] of ids.entries()) expect(warnings[index]?.message).toContain(id);
});

test('an engine is warned of by name and version, and told where it is fixed', () => {
  expect(escapeWarnings({ Engine: '20.10.24+dfsg1' })).toEqual([
    {
      component: 'Engine',
      version: '20.10.24+dfsg1',
      message: expect.stringMatching(/^Engine 20\.10\.24\+dfsg1 .*CVE-2026-41567.*29\.5\.1$/),
    },
  ]);
  expect(escapeWarnings({ Engine: '29.5.1', containerd: '1.6.20' })).toEqual([]);
});

test('an engine tells the versions of its parts', async () => {
  const docker = connectDocker({ socketPath: inject('engineSocket') });
  const versions = await componentVersions(docker);
  for (const name of ['Engine', 'containerd', 'runc']) expect(versions[name]).toMatch(/^\d+\.\d+/);
});
