import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  importTestImages,
  inNetwork,
  startTestEngine,
  TEST_IMAGES,
  type TestEngine,
  until,
} from '@conjob/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ContractContext } from '../engine/contract/context.ts';
import { connectDocker } from '../engine/docker/connect-docker.ts';
import { DockerEngine } from '../engine/docker/docker-engine.ts';
import { DockerHelpers } from '../engine/docker/docker-helpers.ts';
import type { ContainerSpec } from '../engine/engine.ts';
import { closeIdleConnections } from '../testing/services.ts';
import { testSandbox } from '../testing/specs.ts';
import { abstractSocketProgram } from './abstract-socket.fixture.ts';
import { HeldNetwork, type NetworkMode } from './held-network.ts';

const OWNER = { installation: 'test', worker: 'test' };
const REFUSED = 111;

let host: TestEngine;
let context: ContractContext;
let engine: DockerEngine;
let networks: HeldNetwork[];

closeIdleConnections();

beforeAll(async () => {
  host = await startTestEngine({ images: false, withBridge: true });
  const content = abstractSocketProgram();
  await importTestImages(host.socketPath, [{ path: 'bin/abstract', content, mode: 0o755 }]);
});
afterAll(() => host.stop());

beforeEach(() => {
  engine = new DockerEngine(connectDocker({ socketPath: host.socketPath }));
  const [image, echoImage] = [TEST_IMAGES.noCommand.tag, TEST_IMAGES.echo.tag];
  const removeVolume = async () => {};
  context = new ContractContext({ engine, image, echoImage, removeVolume });
  networks = [];
});
afterEach(async () => {
  await context.clear();
  for (const held of networks) {
    held.close();
    await engine.remove(held.helper);
  }
});

async function networkOf(network: NetworkMode): Promise<HeldNetwork> {
  const helpers = new DockerHelpers(connectDocker({ socketPath: host.socketPath }));
  const held = await HeldNetwork.make(helpers, OWNER, network);
  networks.push(held);
  return held;
}

const inside = ({ helper }: HeldNetwork) => ({ joins: helper });
const sh = (script: string, more: Partial<ContainerSpec>) => context.run(context.sh(script, more));

/** Starts a job, and waits for its first word. */
async function startReady(container: ContainerSpec) {
  const started = await context.start(container);
  await started.attachment.output[Symbol.asyncIterator]().next();
  return started;
}

describe('two jobs at the same time', () => {
  const connect = (held: HeldNetwork) => context.spec(['abstract', 'connect'], inside(held));

  test('each in a held network, do not meet at an abstract socket', async () => {
    const [one, two] = [await networkOf('none'), await networkOf('none')];
    await startReady(context.spec(['abstract'], inside(one)));
    // The control: in one network they do.
    expect((await context.run(connect(one))).exitCode).toBe(0);
    expect((await context.run(connect(two))).exitCode).toBe(REFUSED);
  });

  test('each in a held network, do not meet on the loopback', async () => {
    const [one, two] = [await networkOf('none'), await networkOf('none')];
    const serve =
      'nc -ll -p 5000 -e echo hello & until nc 127.0.0.1 5000 </dev/null >/dev/null; do :; done; echo up; wait';
    await startReady(context.sh(serve, inside(one)));
    const ask = 'nc -w 2 127.0.0.1 5000 </dev/null';
    expect((await sh(ask, inside(one))).stdout).toBe('hello\n');
    expect((await sh(ask, inside(two))).stdout).toBe('');
  });

  test('see nothing of each other: no process, no file, no memory', async () => {
    const held = await networkOf('none');
    const hide = 'echo word > /tmp/word; echo word > /dev/shm/word; echo up; sleep 600';
    await startReady(context.sh(hide, inside(held)));
    const look = 'cat /tmp/word /dev/shm/word 2>&1; ps | grep -c "sleep 60[0]"';
    expect((await sh(look, inside(held))).stdout).not.toMatch(/^word|^[1-9]/m);
  });
});

describe('a job in a held network of mode none', () => {
  test('reaches nothing, where one on the bridge reaches the host', async () => {
    const answer =
      "require('net').createServer(s=>s.end('host')).listen(5001,()=>console.log('up'))";
    const [command = '', ...args] = inNetwork(host, [process.execPath, '-e', answer]);
    const server = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(server, 'exit');
    try {
      await once(server.stdout, 'data');
      const ask = 'nc -w 2 10.89.0.1 5001 </dev/null';
      expect((await sh(ask, inside(await networkOf('bridge')))).stdout).toBe('host');
      expect((await sh(ask, inside(await networkOf('none')))).stdout).toBe('');
    } finally {
      server.kill();
      await exited;
    }
  });
});

describe('after a job, its held network', () => {
  test.each([
    ['only printed', 'echo hi'],
    [
      'read what it shares',
      'cat /etc/hosts /etc/resolv.conf /proc/net/* >/dev/null 2>&1; ip addr; true',
    ],
    ['listened, and nobody came', 'nc -l -p 5002 & sleep 0.3'],
    ['left a process', 'sleep 600 & sleep 0.1'],
  ])('is as made when the job %s', async (_, script) => {
    for (const network of ['none', 'bridge'] as const) {
      const held = await networkOf(network);
      await sh(script, inside(held));
      expect(await held.isAsMade()).toBe(true);
    }
  });

  test.each([
    ['changed the hosts file', 'echo 10.0.0.1 evil >> /etc/hosts'],
    ['changed it and back', 'cp /etc/hosts /tmp/h; echo x >> /etc/hosts; cat /tmp/h > /etc/hosts'],
    ['changed its rights', 'chmod 600 /etc/resolv.conf'],
    ['gave it away', 'chown 1000 /etc/resolv.conf'],
    ['changed its time', 'touch /etc/hostname'],
    ['talked to itself', 'nc -l -p 5003 & sleep 0.3; echo x | nc 127.0.0.1 5003; true'],
    ['sent a packet to nobody', 'nc 127.0.0.1 9 </dev/null; true'],
  ])('is not as made when the job %s', async (_, script) => {
    const held = await networkOf('none');
    expect(await held.isAsMade()).toBe(true);
    await sh(script, inside(held));
    expect(await held.isAsMade()).toBe(false);
  });

  test('is not as made when the job on a bridge sent anything', async () => {
    const held = await networkOf('bridge');
    await sh('nc -w 1 10.89.0.1 5004 </dev/null', inside(held));
    expect(await held.isAsMade()).toBe(false);
  });

  test('holds nothing that the next job could meet', async () => {
    const held = await networkOf('none');
    const serve = 'abstract & nc -ll -p 5005 -e echo hello & sleep 0.3';
    const meet = 'abstract connect; echo $?; nc 127.0.0.1 5005 </dev/null';
    expect((await sh(`${serve}; ${meet}`, inside(held))).stdout).toBe('ready\n0\nhello\n');
    expect((await sh(meet, inside(held))).stdout).toBe(`${REFUSED}\n`);
  });
});

describe('seen from inside', () => {
  const look = [
    'cat /etc/hosts /etc/resolv.conf /etc/hostname; ls -l /etc',
    'cat /proc/self/status | grep -E "Cap|NoNewPrivs|Seccomp"',
    'grep -E " /(etc|proc|sys|dev)" /proc/mounts',
    'cat /proc/sys/net/ipv4/ping_group_range /proc/sys/net/ipv4/ip_unprivileged_port_start',
    'ls /sys/class/net; ip -o addr; ip route; env; hostname; id; ulimit -a; ls /dev',
  ].join('; ');

  /** But for the name of the host, its addresses, and when it was. */
  const general = (text: string) =>
    text
      .replace(/\b[0-9a-f]{12}\b/g, 'HOST')
      .replace(/\b10\.89\.0\.(?!1\b|0\b|255\b)\d+/g, 'ADDRESS')
      .replace(/^\d+: eth0/gm, 'N: eth0')
      .replace(/\w{3} +\d+ \d\d:\d\d/g, 'WHEN');

  test.each(['none', 'bridge'] as const)(
    'a job in a held network of mode %s is like one with a network of its own',
    async (network) => {
      const sandbox = testSandbox({ network });
      const plain = await sh(look, { sandbox });
      const joined = await sh(look, { sandbox, ...inside(await networkOf(network)) });
      expect(general(joined.stdout)).toBe(general(plain.stdout));
      expect(joined.stderr).toBe(plain.stderr);
      expect(plain.stdout).toMatch(/CapEff:\s+0*[1-9a-f]/);
    },
  );
});

test('a held network ends at once when it is told to', async () => {
  const { helper } = await networkOf('none');
  await engine.stop(helper, 600);
  await until(async () => (await engine.inspect(helper))?.status === 'exited');
});
