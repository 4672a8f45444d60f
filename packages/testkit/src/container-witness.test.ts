import { callEngine } from '@conjob/provision';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ContainerWitness } from './container-witness.ts';
import { removeContainer } from './leaks.ts';
import { startTestEngine, type TestEngine } from './test-engine.ts';
import { TEST_IMAGES } from './test-images.ts';

const DEFAULT = {
  NetworkMode: 'none',
  CapDrop: ['NET_RAW', 'MKNOD', 'AUDIT_WRITE'],
  SecurityOpt: ['no-new-privileges'],
  CgroupnsMode: 'private',
  Memory: 64 * 1024 * 1024,
  MemorySwap: 64 * 1024 * 1024,
  PidsLimit: 512,
  Init: false,
  LogConfig: { Type: 'local' },
};
const UNTRUSTED = {
  ...DEFAULT,
  CapDrop: ['ALL'],
  ReadonlyRootfs: true,
  Tmpfs: { '/tmp': 'size=1048576' },
};
const SOCKET = { Type: 'bind', Source: '/var/run', Target: '/host' };

let engine: TestEngine;
let witness: ContainerWitness;
let made: string[];

beforeAll(async () => {
  engine = await startTestEngine({ witness: false });
});
afterAll(() => engine?.stop());
beforeEach(() => {
  made = [];
  witness = new ContainerWitness(engine.socketPath);
});
afterEach(async () => {
  await witness.end();
  for (const id of made) await removeContainer(engine, id);
});

async function create(hostConfig: object, config: object = {}, profile = 'default') {
  const json = {
    Image: TEST_IMAGES.busybox.tag,
    Cmd: ['true'],
    Labels: { 'conjob.job': 'j', 'conjob.profile': profile },
    HostConfig: hostConfig,
    ...config,
  };
  const reply = await callEngine(engine.socketPath, '/containers/create', { method: 'POST', json });
  if (reply.status !== 201) throw new Error(reply.body);
  const { Id } = JSON.parse(reply.body) as { Id: string };
  made.push(Id);
}

/** Witnesses are told of events in their order: when the last one was seen, all were. */
async function faults(): Promise<readonly string[]> {
  const before = made.length;
  await create(DEFAULT);
  await expect.poll(() => witness.looked).toBeGreaterThan(before);
  return witness.end();
}

describe('a witness of containers', () => {
  test('finds nothing wrong with the shapes of the profiles', async () => {
    await create(DEFAULT);
    await create(UNTRUSTED, { User: '1000:1000' }, 'untrusted');
    await create({ NetworkMode: 'none', Init: false, LogConfig: { Type: 'local' } }, {}, 'trusted');
    expect(await faults()).toEqual([]);
  });

  test.each([
    ['Privileged', { Privileged: true }],
    ['CapAdd', { CapAdd: ['SYS_ADMIN'] }],
    ['CapDrop', { CapDrop: ['NET_RAW'] }],
    ['PidMode', { PidMode: 'host' }],
    ['IpcMode', { IpcMode: 'host' }],
    ['UTSMode', { UTSMode: 'host' }],
    ['NetworkMode', { NetworkMode: 'host' }],
    ['CgroupnsMode', { CgroupnsMode: 'host' }],
    ['SecurityOpt', { SecurityOpt: [] }],
    ['SecurityOpt', { SecurityOpt: ['no-new-privileges', 'seccomp=unconfined'] }],
    ['Devices', { Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/x' }] }],
    ['Binds', { Binds: ['/var/run:/host'] }],
    ['Mounts', { Mounts: [SOCKET] }],
    ['MaskedPaths', { MaskedPaths: [] }],
    ['PidsLimit', { PidsLimit: -1 }],
    ['Memory', { Memory: 0, MemorySwap: 0 }],
    ['AutoRemove', { AutoRemove: true }],
  ])('sees what no profile has: %s', async (name, more) => {
    await create({ ...DEFAULT, ...more });
    expect(await faults()).toContainEqual(expect.stringContaining(name));
  });

  test.each([
    ['NetworkMode', { NetworkMode: 'bridge' }, '1:1'],
    ['ReadonlyRootfs', { ReadonlyRootfs: false }, '1:1'],
    ['CapDrop', { CapDrop: DEFAULT.CapDrop }, '1:1'],
    ['runs as', {}, '0:1'],
    ['runs as', {}, ''],
    ['runs as', {}, 'nobody'],
  ])('sees what an untrusted one may not have: %s %j %s', async (name, more, User) => {
    await create({ ...UNTRUSTED, ...more }, { User }, 'untrusted');
    expect(await faults()).toContainEqual(expect.stringContaining(name));
  });

  test('sees those that are made after the engine was restarted', async () => {
    await engine.restart();
    await create({ ...DEFAULT, Privileged: true });
    expect(await faults()).toContainEqual(expect.stringContaining('Privileged'));
  });
});
