import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../binaries/run.ts';
import { createNetworkNamespace, type NetworkNamespace } from './network-namespace.ts';

/**
 * A host with the bridge of an engine, a container on it, and the world: three networks of the test's own.
 * The rules are put in place by a process in that of the host.
 */
const DEVICE = 'cjtest';
const HOST_IN = '10.199.0.1';
const HOST_OUT = '203.0.113.1';
const CONTAINER = '10.199.0.2';
const WORLD = '203.0.113.2';
const METADATA = '169.254.169.254';
const RULES = new URL('./outbound-rules.ts', import.meta.url).href;

let host: NetworkNamespace;
let container: NetworkNamespace;
let world: NetworkNamespace;

const inside = async ({ inside: wrap }: NetworkNamespace, script: string): Promise<string> => {
  const [command = '', ...args] = wrap(['sh', '-ec', script]);
  return run(command, args);
};

beforeEach(async () => {
  [host, container, world] = await Promise.all([
    createNetworkNamespace(),
    createNetworkNamespace(),
    createNetworkNamespace(),
  ]);
  await inside(
    host,
    `ip link add ${DEVICE} type bridge; ip addr add ${HOST_IN}/24 dev ${DEVICE}; ip link set ${DEVICE} up
     ip link add veth0 type veth peer name eth0 netns ${container.path}; ip link set veth0 master ${DEVICE} up
     ip link add out0 type veth peer name eth0 netns ${world.path}; ip addr add ${HOST_OUT}/24 dev out0; ip link set out0 up
     echo 1 > /proc/sys/net/ipv4/ip_forward; ip route add ${METADATA} via ${WORLD}`,
  );
  await inside(
    container,
    `ip addr add ${CONTAINER}/24 dev eth0; ip link set eth0 up; ip route add default via ${HOST_IN}`,
  );
  await inside(
    world,
    `ip addr add ${WORLD}/24 dev eth0; ip addr add ${METADATA}/32 dev lo; ip link set eth0 up; ip route add 10.199.0.0/24 via ${HOST_OUT}`,
  );
});
afterEach(() => {
  for (const namespace of [host, container, world]) namespace?.close();
});

async function rules(action: 'add' | 'remove'): Promise<void> {
  const bridge = JSON.stringify({ device: DEVICE, subnet: '10.199.0.0/24' });
  const program = `(await import(${JSON.stringify(RULES)})).${action}OutboundRules(${bridge})`;
  const node = [process.execPath, '--input-type=module', '--eval', program];
  const [command = '', ...args] = host.inside(node);
  await run(command, args);
}

const PROGRAM = `const { createServer, connect } = require('node:net');
const [role, ...addresses] = process.argv.slice(1);
if (role === 'serve') createServer((s) => s.end('here')).listen(8000, '0.0.0.0', () => console.log('up'));
else for (const host of addresses) {
  const s = connect({ host, port: 8000, timeout: 3000 });
  s.on('timeout', () => s.destroy()).on('error', () => {});
  s.on('data', () => console.log(host));
}`;

/** Which of the addresses answer to who calls from there. */
async function answering(from: NetworkNamespace, addresses: readonly string[]): Promise<string[]> {
  const [command = '', ...args] = from.inside([
    process.execPath,
    '-e',
    PROGRAM,
    'call',
    ...addresses,
  ]);
  return (await run(command, args)).trim().split('\n').filter(Boolean).toSorted();
}

/** Something that listens on every address of these networks. */
async function withServers(use: () => Promise<void>): Promise<void> {
  const servers = [host, world, container].map(({ inside: wrap }) => {
    const [command = '', ...args] = wrap([process.execPath, '-e', PROGRAM, 'serve']);
    return spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  });
  try {
    await Promise.all(servers.map(({ stdout }) => once(stdout, 'data')));
    await use();
  } finally {
    const closed = servers.map((server) => once(server, 'close'));
    for (const server of servers) server.kill();
    await Promise.all(closed);
  }
}

const ALL = [HOST_IN, HOST_OUT, WORLD, METADATA];

test('containers reach the world, but neither their host nor its metadata', async () => {
  await withServers(async () => {
    // Without the rules all is open: it is them that close it.
    expect(await answering(container, ALL)).toEqual(ALL.toSorted());
    await rules('add');
    expect(await answering(container, ALL)).toEqual([WORLD]);
    // What the host asks, the container answers.
    expect(await answering(host, [CONTAINER, METADATA])).toEqual([CONTAINER, METADATA]);
    await rules('remove');
    expect(await answering(container, ALL)).toEqual(ALL.toSorted());
  });
});

test('nothing is left of the rules when they are removed', async () => {
  await rules('add');
  expect(await inside(host, 'iptables-save')).toContain(DEVICE);
  await rules('remove');
  expect(await inside(host, 'iptables-save')).not.toContain(DEVICE);
});
