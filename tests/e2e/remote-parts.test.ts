import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  makeCertificates,
  startTestEngine,
  startTestRedis,
  type TempFolder,
  type TestEngine,
  type TestRedis,
  tempFolder,
} from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { getJson, query } from '../support/http.ts';
import { USERS } from '../support/redis-logins.ts';
import {
  type App,
  type LaunchOptions,
  launch,
  type ProductProcess,
} from '../support/start-process.ts';

/** A Redis with TLS, and an engine that listens by TCP, as on machines of their own. */
let ours: TempFolder;
let foreign: TempFolder;
let old: TempFolder;
let redis: TestRedis;
const localEngine = { DOCKER_HOST: `unix://${inject('engineSocket')}` };

beforeAll(async () => {
  [ours, foreign, old] = [tempFolder(), tempFolder(), tempFolder()];
  await Promise.all([
    makeCertificates(ours.path),
    makeCertificates(foreign.path),
    makeCertificates(old.path, { serverDays: -1 }),
  ]);
  redis = await startTestRedis({ appendOnly: true, users: USERS, certificates: ours.path });
});
afterAll(async () => {
  await redis.stop();
  for (const folder of [ours, foreign, old]) folder.remove();
});

const tls = (role: string, folder = ours) => ({
  REDIS_URL: `rediss://${role}:password-of-${role}@127.0.0.1:${redis.tlsPort}`,
  REDIS_TLS_CA_FILE: join(ours.path, 'ca.pem'),
  REDIS_TLS_CERT_FILE: join(folder.path, 'cert.pem'),
  REDIS_TLS_KEY_FILE: join(folder.path, 'key.pem'),
});
const PORTS = { PORT: '0', ADMIN_PORT: '0', JOB_NETWORK: 'none' };

/** What a process says that does not start. */
async function lastWords(
  app: App,
  env: Readonly<Record<string, string>>,
  options: LaunchOptions = {},
): Promise<string> {
  const started = launch(app, { WORKER_REAPER: 'none', ...PORTS, ...env }, options);
  expect(await started.exited).toBe(1);
  started.forget();
  expect(started.output()).toContain('These environment variables are wrong:\n  ');
  return started.output();
}

async function stop(...processes: readonly ProductProcess[]): Promise<void> {
  for (const each of processes) {
    expect(await each.stop(), each.output()).toBe(0);
    each.forget();
  }
}

it('a job runs over a Redis with TLS, certificates and users', async () => {
  const api = launch('api', { ...PORTS, ...tls('api') });
  const [, url = ''] = await api.says(/"url":"(http:[^"]+)"/);
  const worker = launch('worker', { ...localEngine, ...tls('worker') });
  await worker.says(/worker is ready/);
  const path = `/job/run?${query('conjob-test/echo:latest')}&arg=far`;
  const answer = await getJson(`${url}${path}`, { headers: { accept: 'application/json' } });
  expect(answer).toMatchObject({ conclusion: 'SUCCESS', output: 'far\n' });
  await stop(worker, api);
});

describe.each<[App, readonly string[]]>([
  ['api', []],
  ['worker', []],
  ['worker', ['reaper']],
])('the process %s %j', (app, args) => {
  const start = (env: Readonly<Record<string, string>>) =>
    lastWords(app, { ...localEngine, ...env }, { args });

  it('does not start with a login that Redis refuses', async () => {
    const env = tls('api');
    const REDIS_URL = env.REDIS_URL.replace('password-of-', 'not-');
    expect(await start({ ...env, REDIS_URL })).toContain(
      '  REDIS_URL: Redis does not know this user with this password.',
    );
  });

  it('does not start with a certificate that Redis does not take', async () => {
    expect(await start(tls('api', foreign))).toContain('no TLS that both sides take');
  });

  it('does not start with a Redis elsewhere that has no TLS', async () => {
    expect(await start({ REDIS_URL: 'redis://api:pw@redis.example' })).toContain(
      '  REDIS_URL: Must be rediss:// (TLS), with a password',
    );
  });
});

describe('a worker whose engine listens by TCP', () => {
  const address = 'tcp://127.0.0.1:2376';
  let engine: TestEngine;
  let expired: TestEngine;
  let env: Readonly<Record<string, string>>;
  beforeAll(async () => {
    env = { REDIS_URL: redis.url, DOCKER_HOST: address, DOCKER_TLS_VERIFY: '1' };
    engine = await startTestEngine({ certificates: ours.path, images: false });
    expired = await startTestEngine({ certificates: old.path, images: false });
  });
  afterAll(async () => {
    await engine.stop();
    await expired.stop();
  });
  const start = (more: Readonly<Record<string, string>>, network = engine) =>
    lastWords('worker', { ...env, ...more }, { network });

  it('is ready with a client certificate', async () => {
    const with_ = { ...env, DOCKER_CERT_PATH: ours.path, WORKER_SANDBOX_POOL: 'off' };
    const worker = launch('worker', with_, { network: engine });
    await worker.says(/worker is ready/);
    await stop(worker);
  });

  it('does not start without one: the engine says so', async () => {
    expect(await start({ DOCKER_TLS_VERIFY: '' })).toContain(
      '  DOCKER_TLS_VERIFY: Must be 1, with DOCKER_CERT_PATH: the engine speaks TLS only.',
    );
  });

  it('does not start where its file is missing', async () => {
    const folder = tempFolder();
    cpSync(ours.path, folder.path, { recursive: true });
    rmSync(join(folder.path, 'cert.pem'));
    expect(await start({ DOCKER_CERT_PATH: folder.path })).toContain('  DOCKER_CERT_PATH: ENOENT');
    folder.remove();
  });

  it('does not start with one of another authority', async () => {
    expect(await start({ DOCKER_CERT_PATH: foreign.path })).toMatch(
      / {2}DOCKER_CERT_PATH: The engine and this process do not take each other's certificates: /,
    );
  });

  it('does not start with one that the engine does not take, though it takes the engine’s', async () => {
    const folder = tempFolder();
    cpSync(foreign.path, folder.path, { recursive: true });
    cpSync(join(ours.path, 'ca.pem'), join(folder.path, 'ca.pem'));
    expect(await start({ DOCKER_CERT_PATH: folder.path })).toMatch(
      /DOCKER_CERT_PATH: .*(ALERT|alert)/,
    );
    folder.remove();
  });

  it('does not start when that of the engine has expired', async () => {
    expect(await start({ DOCKER_CERT_PATH: old.path }, expired)).toContain(
      'certificate has expired (CERT_HAS_EXPIRED)',
    );
  });

  it('does not start with one elsewhere that asks for none', async () => {
    const words = await start({ DOCKER_HOST: 'tcp://builder.example:2375', DOCKER_TLS_VERIFY: '' });
    expect(words).toContain('  DOCKER_HOST: needs DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH');
  });
});
