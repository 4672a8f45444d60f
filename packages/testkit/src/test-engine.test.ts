import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { callEngine, isAlive, run } from '@conjob/provision';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { childProcesses, listContainers, removeContainer } from './leaks.ts';
import { pushImage, registryAuth, removeImage } from './push-image.ts';
import { startTestEngine, type TestEngine } from './test-engine.ts';
import { TEST_IMAGES } from './test-images.ts';
import { startTestRegistry } from './test-registry.ts';
import { startTlsProxy } from './tls-proxy.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let engine: TestEngine;

beforeAll(async () => {
  engine = await startTestEngine({ liveRestore: true, witness: false });
});

afterAll(async () => {
  const { pid, socketPath } = engine;
  await engine.stop();
  expect(isAlive(pid)).toBe(false);
  expect(childProcesses().filter(({ args }) => args[0]?.includes('dockerd'))).toEqual([]);
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(join(socketPath, '..'));
});

async function post<T>(path: string, body?: object): Promise<T> {
  const reply = await callEngine(engine.socketPath, path, {
    method: 'POST',
    ...(body === undefined ? {} : { json: body }),
  });
  if (reply.status >= 300) throw new Error(`${path}: ${reply.status} ${reply.body}`);
  return (reply.body === '' ? undefined : JSON.parse(reply.body)) as T;
}

async function createJob(image: string, command?: readonly string[]): Promise<string> {
  const { Id } = await post<{ Id: string }>('/containers/create', {
    Image: image,
    ...(command === undefined ? {} : { Cmd: command }),
    Labels: { 'conjob.job': 'test' },
    HostConfig: { NetworkMode: 'none' },
  });
  return Id;
}

async function runJob(image: string, command?: readonly string[]): Promise<[number, string]> {
  const id = await createJob(image, command);
  await post(`/containers/${id}/start`);
  const { StatusCode } = await post<{ StatusCode: number }>(`/containers/${id}/wait`);
  const logs = await callEngine(engine.socketPath, `/containers/${id}/logs?stdout=1`);
  await removeContainer(engine, id);
  return [StatusCode, logs.body.slice(8).trimEnd()];
}

test('runs containers of its images', async () => {
  expect(await runJob(TEST_IMAGES.busybox.tag, ['sh', '-c', 'echo hi; exit 3'])).toEqual([3, 'hi']);
  expect(await runJob(TEST_IMAGES.echo.tag, ['foobar'])).toEqual([0, 'foobar']);
  expect(await runJob(TEST_IMAGES.user.tag)).toEqual([
    0,
    'uid=1000(user) gid=1000(user) groups=1000(user)',
  ]);
});

test('refuses a container without a command where the image has none', async () => {
  await expect(createJob(TEST_IMAGES.noCommand.tag)).rejects.toThrow('No command specified');
});

test('lists the containers ConJob made', async () => {
  const id = await createJob(TEST_IMAGES.busybox.tag);
  expect(await listContainers(engine)).toMatchObject([{ id, state: 'created' }]);
  await removeContainer(engine, id);
  expect(await listContainers(engine)).toEqual([]);
});

test('finds running containers again after a crash', async () => {
  const id = await createJob(TEST_IMAGES.busybox.tag, ['sleep', '60']);
  await post(`/containers/${id}/start`);
  await engine.crash();
  await engine.restart();
  expect(await listContainers(engine)).toMatchObject([{ id, state: 'running' }]);
  await removeContainer(engine, id);
});

test('pulls from a registry that asks for a login', async () => {
  const login = { username: 'someone', password: 'p4ss' };
  const registry = await startTestRegistry(engine, { login });
  const pushed = await pushImage(engine, TEST_IMAGES.echo.tag, registry, 'some/echo:1');
  const pull = `/images/create?fromImage=${encodeURIComponent(pushed.digestReference)}`;
  await expect(post(pull)).rejects.toThrow('no basic auth credentials');
  const reply = await callEngine(engine.socketPath, pull, {
    method: 'POST',
    headers: registryAuth(login),
  });
  expect(reply.body).toContain('Status: Downloaded newer image');
  await removeImage(engine, pushed.digestReference);
  await registry.stop();
});

test('pulls from an open registry after the engine was restarted', async () => {
  const registry = await startTestRegistry(engine);
  const { reference } = await pushImage(engine, TEST_IMAGES.busybox.tag, registry, 'busybox');
  await engine.restart();
  const reply = await callEngine(
    engine.socketPath,
    `/images/create?fromImage=${encodeURIComponent(reference)}`,
    { method: 'POST' },
  );
  expect(reply.body).toContain('Status: Downloaded newer image');
  await removeImage(engine, reference);
  await registry.stop();
});

test('answers over TLS to those with a client certificate only', async () => {
  const proxy = await startTlsProxy(engine);
  const pem = (name: string): Buffer => readFileSync(join(proxy.certPath, name));
  const ping = (options: object): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const url = `${proxy.dockerHost.replace('tcp', 'https')}/_ping`;
      get(url, { ca: pem('ca.pem'), agent: false, ...options }, (reply) => {
        reply.resume().on('end', () => resolve(reply.statusCode));
      }).on('error', reject);
    });
  expect(await ping({ cert: pem('cert.pem'), key: pem('key.pem') })).toBe(200);
  await expect(ping({})).rejects.toThrow();
  await proxy.stop();
});

test('has a network of its own', async () => {
  const [command = '', ...args] = ['nsenter', `--net=${engine.networkPath}`, 'ip', '-br', 'link'];
  expect((await run(command, args)).trim().split('\n')).toHaveLength(1);
});
