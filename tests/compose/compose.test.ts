import { keys } from '@conjob/shared';
import { importTestImages, TEST_IMAGES } from '@conjob/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ComposeHost, startComposeHost } from './compose.ts';
import { importStandIns } from './stand-in-images.ts';

/**
 * The whole of docker-compose.yml, and the Dockerfiles, on an engine without any network. Base
 * images and pnpm are stand-ins (docs/docker-compose.md says what this leaves untested).
 * The tests are steps of one story: they build on each other.
 */
let host: ComposeHost;
const PATIENT = { timeout: 60_000, interval: 500 };

beforeAll(async () => {
  host = await startComposeHost();
  await Promise.all([importStandIns(host.socketPath), importTestImages(host.socketPath)]);
});
afterAll(() => host?.stop());

interface ImageDetails {
  readonly Config: {
    readonly User: string;
    readonly Entrypoint: readonly string[];
    readonly StopSignal: string;
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly RootFS: { readonly Layers: readonly string[] };
}

test('the Dockerfiles build images that hold one layer of files more than their base, and are not root', async () => {
  await host.compose('build');
  const base = await host.inspect<ImageDetails>('/images/node:24-slim/json');
  const options = {
    api: ['--max-semi-space-size=4', '--heap-growing-percent=20'],
    worker: ['--max-semi-space-size=4'],
  };
  for (const [app, nodeOptions] of Object.entries(options)) {
    const { Config, RootFS } = await host.inspect<ImageDetails>(`/images/conjob/${app}:dev/json`);
    expect(Config).toMatchObject({
      User: 'node',
      Entrypoint: ['node', ...nodeOptions, '/app/main.js'],
      StopSignal: 'SIGTERM',
    });
    expect(Config.Labels['org.opencontainers.image.licenses']).toBe('Apache-2.0');
    expect(RootFS.Layers.length - base.RootFS.Layers.length).toBeLessThanOrEqual(2);
  }
});

test('everything comes up, and the API answers on the published port', async () => {
  await host.compose('up', '--detach', '--no-build');
  // Ready also says that Redis is set up such that it keeps what it was given.
  await expect.poll(() => ask('/readyz'), PATIENT).toMatchObject({ status: 200 });
  expect(await ask('/livez')).toEqual({ status: 200, body: '{"live":true}' });
  // Its files stand beside the bundle.
  expect(await ask('/docs')).toMatchObject({ status: 200 });
  expect(await ask('/docs/swagger-ui.css')).toMatchObject({ status: 200 });
});

test('an API that is published to other machines does not start without a login', async () => {
  const opened = ['run', '--rm', '--no-deps', '-T', '-e', 'PUBLISHED_AT=0.0.0.0:8080', 'api'];
  await expect(host.compose(...opened)).rejects.toThrow(/AUTH_USERNAME: Must be set/);
});

test('a job runs in a container on the engine of the mounted socket', async () => {
  const reply = await runJob('hello from compose');
  expect(reply).toEqual({ status: 200, body: 'hello from compose\n' });
});

test('a job finds the secret of its image, and only the API can seal, only workers can open', async () => {
  const image = TEST_IMAGES.busybox.tag;
  const posted = await ask(`/secrets?${new URLSearchParams({ image })}`, 'POST', 'hush');
  expect(posted).toMatchObject({ status: 200 });
  const options = { pull: 'never', network: 'none', remove: 'true' };
  const query = new URLSearchParams({ image, arg: 'cat', ...options });
  query.append('arg', '/run/build/secrets/secrets');
  expect(await ask(`/job/run?${query}`, 'POST')).toEqual({ status: 200, body: 'hush' });
  const keysIn = async (service: string) =>
    (await host.compose('exec', '-T', service, 'find', '/keys', '-type', 'f'))
      .trim()
      .split('\n')
      .sort();
  expect(await keysIn('api')).toEqual(['/keys/api/sign.key', '/keys/api/workers.pub']);
  expect(await keysIn('worker')).toEqual(['/keys/worker/apis.pub', '/keys/worker/open.key']);
});

test('an operator replaces the keys, and copies them', async () => {
  const keys = (...args: string[]) => host.compose('run', '--rm', '-T', 'keys', ...args);
  const first =
    /worker +(\w+) +opens 1 of 1 secrets, is sealed to/.exec(await keys('list'))?.[1] ?? '';
  await keys('add');
  expect(await keys('reseal')).toContain('1 secrets resealed');
  expect(await keys('retire', first)).toContain('retired');
  const tar = ['--entrypoint', 'tar', 'keys', '-C', '/keys', '-cf', '-', '.'];
  const copy = await host.compose('run', '--rm', '-T', ...tar);
  for (const file of ['api/sign.key', 'worker/open.key']) expect(copy).toContain(file);
  expect(await ask(`/secrets?image=${TEST_IMAGES.busybox.tag}`)).toMatchObject({ status: 200 });
});

test('the API speaks TLS with a certificate from a folder of the machine', async () => {
  host.setVariables({
    TLS_FOLDER: host.tlsFolder,
    TLS_CERT_FILE: '/tls/server.pem',
    TLS_KEY_FILE: '/tls/server-key.pem',
  });
  await host.compose('up', '--detach', '--no-build', 'api');
  const readyz = () => host.request('https://127.0.0.1:8080/readyz').catch(() => undefined);
  await expect.poll(readyz, PATIENT).toMatchObject({ status: 200 });
  await expect.poll(() => healthOf('api'), PATIENT).toEqual(['healthy']);
  host.setVariables({});
  await host.compose('up', '--detach', '--no-build', 'api');
  await expect
    .poll(() => ask('/readyz').catch(() => undefined), PATIENT)
    .toMatchObject({ status: 200 });
});

test('workers scale, each under a name of its own', async () => {
  await host.compose('up', '--detach', '--no-build', '--no-recreate', '--scale', 'worker=2');
  await expect.poll(workerNames, PATIENT).toHaveLength(2);
  const replies = await Promise.all(['1', '2', '3', '4'].map(runJob));
  expect(replies.map(({ body }) => body)).toEqual(['1\n', '2\n', '3\n', '4\n']);
});

test('API, workers and reaper are healthy by the checks in their images', async () => {
  await expect.poll(() => healthOf('api'), PATIENT).toEqual(['healthy']);
  await expect.poll(() => healthOf('worker'), PATIENT).toEqual(['healthy', 'healthy']);
  await expect.poll(() => healthOf('reaper'), PATIENT).toEqual(['healthy']);
});

test('Redis keeps what it has taken over a restart, and everybody finds it again', async () => {
  const before = await jobIds();
  expect(before).toHaveLength(6);
  await host.compose('restart', 'redis');
  await expect.poll(() => runJob('again'), PATIENT).toEqual({ status: 200, body: 'again\n' });
  expect(await jobIds()).toEqual(expect.arrayContaining(before));
});

test('everything stops by itself when asked to, and nothing is left', async () => {
  await host.compose('stop');
  for (const { Id, Names } of await containers()) {
    const { State } = await host.inspect<Details>(`/containers/${Id}/json`);
    expect(State, Names[0]).toMatchObject({ ExitCode: 0, OOMKilled: false });
  }
  await host.compose('down', '--volumes', '--remove-orphans');
  expect(await containers()).toEqual([]);
  const { Volumes } = await host.inspect<{ Volumes: unknown }>('/volumes');
  expect(Volumes ?? []).toEqual([]);
  const networks = await host.inspect<{ Name: string }[]>('/networks');
  expect(networks.map(({ Name }) => Name).sort()).toEqual(['bridge', 'host', 'none']);
});

interface Details {
  readonly State: { readonly ExitCode: number; readonly Health?: { readonly Status: string } };
}

function containers(labels: readonly string[] = []) {
  const filters = encodeURIComponent(JSON.stringify({ label: labels }));
  return host.inspect<{ readonly Id: string; readonly Names: readonly string[] }[]>(
    `/containers/json?all=1&filters=${filters}`,
  );
}

async function healthOf(service: string): Promise<(string | undefined)[]> {
  const listed = await containers([`com.docker.compose.service=${service}`]);
  const details = await Promise.all(
    listed.map(({ Id }) => host.inspect<Details>(`/containers/${Id}/json`)),
  );
  return details.map(({ State }) => State.Health?.Status);
}

async function workerNames(): Promise<string[]> {
  // As an operator would.
  const command = `REDISCLI_AUTH=$(cat /users/admin/password) redis-cli --user admin ZRANGE '${keys.workers}' 0 -1`;
  const listed = await host.compose('exec', '-T', 'redis', 'sh', '-c', command);
  return listed.trim().split('\n');
}

async function jobIds(): Promise<string[]> {
  const { body } = await ask('/jobs');
  const { jobs } = JSON.parse(body) as { jobs: { id: string }[] };
  return jobs.map(({ id }) => id);
}

function runJob(text: string) {
  const image = TEST_IMAGES.echo.tag;
  const options = { pull: 'never', network: 'none', remove: 'true' };
  const query = new URLSearchParams({ image, arg: text, ...options });
  return ask(`/job/run?${query}`, 'POST');
}

function ask(path: string, method: 'GET' | 'POST' = 'GET', body?: string) {
  return host.request(`http://127.0.0.1:8080${path}`, method, body);
}
