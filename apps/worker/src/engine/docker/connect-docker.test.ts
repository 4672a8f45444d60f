import { globalAgent } from 'node:http';
import { globalAgent as secureAgent } from 'node:https';
import { startTlsProxy, TEST_IMAGES, type TlsProxy } from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { closeIdleConnections } from '../../testing/services.ts';
import { testContainer } from '../../testing/specs.ts';
import type { EngineAddress } from './connect-docker.ts';
import { connectDocker, parseDockerHost } from './connect-docker.ts';
import { DockerEngine } from './docker-engine.ts';

closeIdleConnections();

describe('DOCKER_HOST', () => {
  test.each<[string | undefined, string | undefined, EngineAddress]>([
    [undefined, undefined, { socketPath: '/var/run/docker.sock' }],
    ['unix:///run/x.sock', undefined, { socketPath: '/run/x.sock' }],
    ['unix://', undefined, { socketPath: '/var/run/docker.sock' }],
    ['tcp://host:1234', undefined, { host: 'host', port: 1234, certificates: undefined }],
    ['tcp://host', undefined, { host: 'host', port: 2375, certificates: undefined }],
    ['tcp://host', '/certs', { host: 'host', port: 2376, certificates: '/certs' }],
  ])('%s with certificates in %s is understood', (host, certificates, address) => {
    expect(parseDockerHost(host, certificates)).toEqual(address);
  });

  test.each(['http://host:1', 'ssh://host', 'host:2375', 'tcp://', 'nonsense', ''])(
    '%j is refused with a clear sentence',
    (host) => {
      expect(() => parseDockerHost(host, undefined)).toThrow('must be unix:///path');
    },
  );
});

describe('an engine behind TLS', () => {
  let proxy: TlsProxy;

  beforeAll(async () => {
    proxy = await startTlsProxy({ socketPath: inject('engineSocket') });
  });
  afterAll(async () => {
    secureAgent.destroy();
    await proxy.stop();
  });

  test('runs containers, with input, output and exit code', async () => {
    const engine = new DockerEngine(
      connectDocker(parseDockerHost(proxy.dockerHost, proxy.certPath)),
    );
    const container = testContainer(TEST_IMAGES.busybox.tag, ['cat'], { stdin: true });
    const id = await engine.create(container);
    const input = Buffer.from('encrypted '.repeat(20_000));
    const attachment = await engine.attach(id, { input });
    const watch = await engine.watchExit(id, 'next-exit');
    await engine.start(id);
    const received: Buffer[] = [];
    for await (const { data } of attachment.output) received.push(Buffer.from(data));
    expect(Buffer.concat(received).equals(input)).toBe(true);
    expect(await watch.exitCode).toBe(0);
    await engine.remove(id);
  });

  test('refuses who comes without', async () => {
    const { host, port } = { host: '127.0.0.1', port: proxy.port };
    const engine = new DockerEngine(connectDocker({ host, port, certificates: undefined }));
    await expect(engine.describe()).rejects.toMatchObject({ name: 'EngineError' });
  });
});

test('no request pays for an inspection of the agent: the client has none of its own', () => {
  const docker = connectDocker({ socketPath: inject('engineSocket') });
  expect(docker.modem).not.toHaveProperty('agent.sockets');
  expect(globalAgent).toHaveProperty('keepAlive', true);
});
