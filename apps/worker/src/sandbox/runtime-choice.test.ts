import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@conjob/shared';
import { listContainers, startTestEngine, type TestEngine } from '@conjob/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectDocker } from '../engine/docker/connect-docker.ts';
import { DockerEngine } from '../engine/docker/docker-engine.ts';
import { DockerHelpers } from '../engine/docker/docker-helpers.ts';
import { type EngineDescription, EngineError } from '../engine/engine.ts';
import { closeIdleConnections } from '../testing/services.ts';
import type { ProbeHost } from './probe-runtime.ts';
import { RuntimeChoice } from './runtime-choice.ts';

const MEBIBYTE = 1024 * 1024;
const SETTINGS = {
  profiles: ['default', 'untrusted', 'trusted'],
  memoryBytes: 64 * MEBIBYTE,
  swapBytes: 0,
  cpus: 0.5,
  pids: 64,
  runtime: undefined,
  untrustedRuntime: undefined,
  untrustedTmpBytes: MEBIBYTE,
} as const;

closeIdleConnections();

let said: Record<string, unknown>[];
beforeEach(() => {
  said = [];
});
const write = (line: string) => said.push(JSON.parse(line));
const logger = createLogger({ name: 'worker', level: 'info', destination: { write } });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runtime-choice-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function hostOf({ socketPath }: TestEngine): ProbeHost {
  const docker = connectDocker({ socketPath });
  const owner = { installation: 'test', worker: 'test' };
  return { engine: new DockerEngine(docker), helpers: new DockerHelpers(docker), owner };
}

async function choose(on: ProbeHost, described: Partial<EngineDescription> = {}, isFree = true) {
  const host = { ...(await on.engine.describe()), ...described };
  const choice = new RuntimeChoice({ settings: SETTINGS, isFree, host: () => host, logger });
  await choice.make(on);
  return choice;
}

describe('on an engine that offers crun', () => {
  let server: TestEngine;
  let on: ProbeHost;
  beforeAll(async () => {
    server = await startTestEngine({ images: false, withCrun: true });
    on = hostOf(server);
  });
  afterAll(() => server.stop());

  test('jobs run by it when containers in their sandboxes do, of which nothing stays', async () => {
    const { runtime, settings } = await choose(on);
    expect(runtime).toBe('crun');
    expect(settings).toEqual({ ...SETTINGS, runtime: 'crun' });
    expect(said).toMatchObject([{ runtime: 'crun' }]);
    expect(await listContainers(server, { withHelpers: true })).toEqual([]);
  });

  test('they do not where the operator has said otherwise', async () => {
    const { runtime } = await choose(on, {}, false);
    expect(runtime).toBe('runc');
    expect(said).toEqual([]);
  });

  test('they do not when its own runtime is another one than runc', async () => {
    const { runtime } = await choose(on, { defaultRuntime: 'runsc' });
    expect(runtime).toBe('runsc');
    expect(said).toMatchObject([{ runtime: 'runsc', reason: 'its own one is runsc' }]);
  });

  test('they do no more when the engine comes back without it', async () => {
    const described = await on.engine.describe();
    let host = described;
    const choice = new RuntimeChoice({
      settings: SETTINGS,
      isFree: true,
      host: () => host,
      logger,
    });
    await choice.make(on);
    host = { ...described, runtimes: ['runc'] };
    expect([choice.runtime, choice.settings.runtime]).toEqual(['runc', undefined]);
  });

  test('an engine that is away meanwhile says nothing about it', async () => {
    const away = new EngineError('engine.unavailable', 'it does not answer');
    const helpers = { ...on.helpers, start: () => Promise.reject(away) };
    await expect(choose({ ...on, helpers })).rejects.toBe(away);
  });
});

describe('jobs run by the runtime of the engine, and it is said why,', () => {
  let server: TestEngine | undefined;
  /** Registered as crun. */
  async function onBroken(script: string): Promise<ProbeHost> {
    const path = join(folder, 'broken');
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    server = await startTestEngine({ images: false, runtimes: { crun: { path } } });
    return hostOf(server);
  }
  const chosen = async (on: ProbeHost) => {
    const { runtime } = await choose(on);
    const left = await listContainers(server as TestEngine, { withHelpers: true });
    await server?.stop();
    return { runtime, left };
  };
  const FALLEN_BACK = { runtime: 'runc', left: [] };

  test('when crun fails', async () => {
    const on = await onBroken('exit 1');
    expect(await chosen(on)).toEqual(FALLEN_BACK);
    const reason = expect.stringMatching(/^crun does not work: .*exit status 1/);
    expect(said).toMatchObject([{ runtime: 'runc', reason }]);
  });

  test('when containers of crun do not end as they should', async () => {
    // All is as with runc, but a signal to end is lost.
    const on = await onBroken('case "$*" in *" kill "*" 15"*) exit 0;; esac; exec runc "$@"');
    expect(await chosen(on)).toEqual(FALLEN_BACK);
    const reason = 'crun does not work: a container of ours ended with 137';
    expect(said).toMatchObject([{ reason }]);
  });

  test('when there is no crun', async () => {
    server = await startTestEngine({ images: false, withCrun: false });
    expect(await chosen(hostOf(server))).toEqual(FALLEN_BACK);
    expect(said).toMatchObject([{ runtime: 'runc', reason: 'it does not offer crun' }]);
  });
});
