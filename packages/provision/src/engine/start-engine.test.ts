import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ensureBinaries } from '../binaries/ensure-binaries.ts';
import { run } from '../binaries/run.ts';
import { importStarterImages } from '../images/starter-images.ts';
import { goneWithin } from '../service/end-process.ts';
import { FolderInUseError } from '../service/folder-claim.ts';
import { isAlive } from '../service/process-table.ts';
import { startAndCrash } from '../service/start-and-crash.fixture.ts';
import { callEngine } from './engine-api.ts';
import { engineFolders } from './engine-folders.ts';
import { engineProcesses } from './leftovers.ts';
import { runContainer, startContainer } from './run-container.fixture.ts';
import { type EngineOptions, type RunningEngine, startEngine } from './start-engine.ts';

vi.setConfig({ testTimeout: 60_000 });

const SLEEP = { image: 'conjob/hello', command: ['sleep', '300'] };
let dataDir: string;
let engines: RunningEngine[];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'start-engine-'));
  engines = [];
});

afterEach(async () => {
  for (const engine of engines) await engine.stop();
  const folders = engineFolders(dataDir);
  const mounts = readFileSync('/proc/self/mounts', 'utf8');
  rmSync(dirname(folders.runtimeDir), { recursive: true, force: true });
  rmSync(dataDir, { recursive: true });
  expect(engineProcesses(folders)).toEqual([]);
  expect(mounts).not.toContain(dataDir);
  expect(mounts).not.toContain(folders.runtimeDir);
});

/** Starts an engine that is stopped after the test, however that ends. */
async function start(network: EngineOptions['network'] = 'isolated'): Promise<RunningEngine> {
  const engine = await startEngine({ dataDir, network });
  engines.push(engine);
  return engine;
}

async function networkState(): Promise<string> {
  const links = await run('ip', ['-br', 'link', 'show', 'type', 'bridge']);
  return `${links}\n${await run('iptables-save', []).catch(() => '')}`;
}

test('runs the starter images', async () => {
  const { socketPath } = await start();
  await importStarterImages(socketPath);
  expect(await importStarterImages(socketPath)).toEqual([
    'conjob/hello:latest',
    'conjob/echo:latest',
  ]);
  expect(await runContainer(socketPath, { image: 'conjob/hello' })).toMatch(
    /^Hello from ConJob!\n[\s\S]*small tools\.\n$/,
  );
  const echo = { image: 'conjob/echo', command: ['foobar'] };
  expect(await runContainer(socketPath, echo)).toBe('foobar\n');
});

test('runs containers with crun as well', async () => {
  await ensureBinaries(['crun']);
  const { socketPath } = await start();
  await importStarterImages(socketPath);
  const limits = 'cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null';
  const spec = { image: 'conjob/hello', command: ['sh', '-c', `echo hi; ${limits}`] };
  const printed = await runContainer(socketPath, { ...spec, runtime: 'crun' });
  expect(printed).toBe(await runContainer(socketPath, { ...spec, runtime: 'runc' }));
  expect(printed).toMatch(/^hi\n/);
});

test('is reachable by root only, and stops containers that ignore the signal', async () => {
  const engine = await start();
  expect(statSync(dirname(engine.socketPath)).mode & 0o777).toBe(0o700);
  await importStarterImages(engine.socketPath);
  await startContainer(engine.socketPath, SLEEP);
  await engine.stop();
  await engine.stop();
  expect(await engine.exited).toMatchObject({ expected: true });
});

test('cleans up after a dockerd that was killed', async () => {
  const engine = await start();
  await importStarterImages(engine.socketPath);
  await startContainer(engine.socketPath, SLEEP);
  process.kill(engine.pid, 'SIGKILL');
  expect(await engine.exited).toMatchObject({ signal: 'SIGKILL', expected: false });
  await engine.stop();
});

test('refuses a data folder that is in use', async () => {
  await start();
  await expect(start()).rejects.toThrow(FolderInUseError);
});

test('says why dockerd does not start, and leaves nothing behind', async () => {
  const { configFile } = engineFolders(dataDir);
  // The key file is a folder: dockerd cannot read it.
  await run('mkdir', ['-p', `${configFile}.key`]);
  await expect(start()).rejects.toThrow(
    /The Docker engine ended while starting[\s\S]*is a directory/,
  );
});

test('takes over the containers of a crashed owner', async () => {
  const [dockerd = 0, container = 0] = await startAndCrash(`
    const dataDir = ${JSON.stringify(dataDir)};
    const { pid, socketPath } = await startEngine({ dataDir, network: 'isolated' });
    await importStarterImages(socketPath);
    const json = { Image: 'conjob/hello', Cmd: ['sleep', '300'], HostConfig: { NetworkMode: 'none' } };
    const { body } = await callEngine(socketPath, '/containers/create?name=job', { method: 'POST', json });
    await callEngine(socketPath, '/containers/job/start', { method: 'POST' });
    const job = await callEngine(socketPath, '/containers/job/json');
    console.log(pid, JSON.parse(job.body).State.Pid);
  `);
  const engine = await start();
  expect(await goneWithin(dockerd, 0)).toBe(true);
  expect(isAlive(container)).toBe(true);
  const { body } = await callEngine(engine.socketPath, '/containers/job/json');
  expect(JSON.parse(body)).toMatchObject({ State: { Running: true, Pid: container } });
  await engine.stop();
  expect(isAlive(container)).toBe(false);
});

test('has a key of its own, so that no two engines share an ID', async () => {
  await start();
  expect(readFileSync(`${engineFolders(dataDir).configFile}.key`, 'utf8')).toContain('PRIVATE KEY');
});

test('gives containers an address on a bridge of its own, and removes that in the end', async () => {
  const { hash } = engineFolders(dataDir);
  const engine = await start('bridge');
  await importStarterImages(engine.socketPath);
  const command = ['ip', '-4', 'addr', 'show', 'eth0'];
  const spec = { image: 'conjob/hello', command, network: 'default' };
  expect(await runContainer(engine.socketPath, spec)).toMatch(/inet 10\.\d+\.\d+\.\d+\/24/);
  expect(await networkState()).toContain(`cj${hash}`);
  await engine.stop();
  expect(await networkState()).not.toContain(hash);
});
