import { startTestEngine } from '@conjob/testkit';
import { expect, test } from 'vitest';
import { closeIdleConnections } from '../../testing/services.ts';
import { connectDocker } from './connect-docker.ts';
import { crunVersions, readVersions } from './crun-versions.ts';

closeIdleConnections();

test('the crun of an engine of this machine tells its version', async () => {
  const { socketPath, stop } = await startTestEngine({ images: false, withCrun: true });
  const docker = connectDocker({ socketPath });
  const { crun } = await crunVersions(docker, { socketPath });
  expect(crun).toMatch(/^\d+\.\d+/);
  const elsewhere = { host: 'h', port: 1, certificates: undefined };
  expect(await crunVersions(docker, elsewhere)).toEqual({});
  await stop();
});

test.each([
  ['crun version 1.8.1\ncommit: f8a\nspec: 1.0.0\n+SYSTEMD +YAJL\n', { crun: '1.8.1' }],
  ['crun version 1.20\n+LIBKRUN +YAJL\n', { crun: '1.20', 'crun with libkrun': '1.20' }],
  ['runc version 1.1.5\n', {}],
])('%j is read as %j', (said, versions) => {
  expect(readVersions(said)).toEqual(versions);
});
