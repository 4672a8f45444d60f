import { childProcesses, startTestEngine, type TestEngine } from '@conjob/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeIdleConnections } from '../../testing/services.ts';
import { connectDocker } from './connect-docker.ts';
import { DockerEngine } from './docker-engine.ts';

closeIdleConnections();

let server: TestEngine;
beforeAll(async () => {
  server = await startTestEngine({ images: false });
});
afterAll(() => server.stop());

test('an engine without its containerd counts as away: it can start nothing', async () => {
  const engine = new DockerEngine(connectDocker(server));
  expect((await engine.describe()).id).not.toBe('');
  const containerd = childProcesses(server.pid).find(({ args }) => args[0]?.endsWith('containerd'));
  process.kill(containerd?.pid ?? 0, 'SIGKILL');
  await expect
    .poll(() => engine.describe().catch((error: unknown) => error))
    .toMatchObject({ code: 'engine.unavailable' });
  await engine.ping();
});
