import { expect, inject, test } from 'vitest';
import { checkRuntime } from './check-runtime.ts';
import { connectDocker } from './engine/docker/connect-docker.ts';
import { DockerHelpers } from './engine/docker/docker-helpers.ts';
import { EngineError } from './engine/engine.ts';
import { sharedEngine } from './testing/services.ts';

const engine = sharedEngine();
const helpers = new DockerHelpers(connectDocker({ socketPath: inject('engineSocket') }));
const described = { runtimes: ['runc', 'broken'] };
const host = { engine, helpers, described };

test('a runtime that runs a container is fine, and nothing of that stays', async () => {
  const names: string[] = [];
  const watched = {
    start: (spec: Parameters<typeof helpers.start>[0]) => {
      names.push(spec.name);
      return helpers.start(spec);
    },
  };
  await checkRuntime('runc', { ...host, helpers: watched });
  expect(await engine.inspect(names[0] ?? '')).toBeNull();
});

test('without one, nothing is tried', async () => {
  await checkRuntime(undefined, { ...host, helpers: { start: () => Promise.reject(new Error()) } });
});

test('one that the engine lacks is named, with those that it has', async () => {
  const refused = checkRuntime('no-such-runtime', host);
  await expect(refused).rejects.toMatchObject({ name: 'ConfigError' });
  await expect(refused).rejects.toThrow(
    /CONTAINER_RUNTIME: .*no-such-runtime.* It has runc, broken/,
  );
});

test('one that is listed, but does not work, is refused as well', async () => {
  const failing = new EngineError('engine.failed', 'cgroups in hybrid mode not supported');
  const broken = { start: () => Promise.reject(failing) };
  await expect(checkRuntime('broken', { ...host, helpers: broken })).rejects.toThrow(/hybrid mode/);
});

test('an engine that is away meanwhile, or full, says nothing about its runtimes', async () => {
  const away = new EngineError('engine.unavailable', 'it does not answer');
  const gone = { start: () => Promise.reject(away) };
  await expect(checkRuntime('runc', { ...host, helpers: gone })).rejects.toBe(away);
  const full = { start: () => Promise.reject(new EngineError('engine.no_space', 'full')) };
  await checkRuntime('runc', { ...host, helpers: full });
});
