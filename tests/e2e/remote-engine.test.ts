import { createHash } from 'node:crypto';
import { callEngine } from '@conjob/provision';
import { generateKeys } from '@conjob/shared';
import {
  makeCertificates,
  startTestEngine,
  startTestRedis,
  TEST_IMAGES,
  type TempFolder,
  type TestEngine,
  type TestRedis,
  tempFolder,
  until,
} from '@conjob/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { getJson } from '../support/http.ts';
import { launch, type ProductProcess } from '../support/start-process.ts';

/** An engine that the worker knows by TCP alone, with a certificate of each for the other. */
let folders: TempFolder[];
let engine: TestEngine;
let redis: TestRedis;
let api: ProductProcess;
let worker: ProductProcess;
let url: string;

beforeAll(async () => {
  folders = [tempFolder(), tempFolder()];
  const [certificates = '', keys = ''] = folders.map(({ path }) => path);
  await Promise.all([makeCertificates(certificates), generateKeys(keys)]);
  [engine, redis] = await Promise.all([startTestEngine({ certificates }), startTestRedis()]);
  const env = { REDIS_URL: redis.url, SECRET_KEYS_DIR: keys, JOB_NETWORK: 'none' };
  api = launch('api', { ...env, PORT: '0', ADMIN_PORT: '0' });
  [, url = ''] = await api.says(/"url":"(http:[^"]+)"/);
  const remote = { DOCKER_HOST: 'tcp://127.0.0.1:2376', DOCKER_TLS_VERIFY: '1' };
  worker = launch(
    'worker',
    { ...env, ...remote, DOCKER_CERT_PATH: certificates },
    { network: engine },
  );
  await worker.says(/worker is ready/);
});
afterAll(async () => {
  for (const each of [worker, api]) {
    expect(await each.stop(), each.output()).toBe(0);
    each.forget();
  }
  await Promise.all([engine.stop(), redis.stop()]);
  for (const folder of folders) folder.remove();
});

async function run(image: string, script: string, more: object = {}) {
  const body = JSON.stringify({
    image,
    args: ['sh', '-c', script],
    pull: 'never',
    remove: true,
    ...more,
  });
  const headers = { 'Content-Type': 'application/json', Prefer: 'wait=60' };
  return getJson(`${url}/jobs`, { method: 'POST', headers, body });
}

async function namesOf(path: string): Promise<string[]> {
  const answer = JSON.parse((await callEngine(engine.socketPath, path)).body);
  const listed: readonly { Name?: string; Id: string }[] =
    ('Volumes' in answer ? answer.Volumes : answer) ?? [];
  return listed.map(({ Name, Id }) => Name ?? Id);
}
const volumes = () => namesOf('/volumes');
const holders = () => namesOf('/containers/json?all=1&filters={"label":["conjob.holds"]}');

it('gives a job its secret, and leaves nothing of it', async () => {
  const image = TEST_IMAGES.user.tag;
  const secret = 'told to nobody but a job';
  const path = `${url}/secrets?${new URLSearchParams({ image })}`;
  expect((await fetch(path, { method: 'POST', body: secret })).status).toBe(200);
  const hash = createHash('sha256').update(secret).digest('hex');
  expect(await run(image, 'sha256sum < /run/build/secrets/secrets')).toMatchObject({
    conclusion: 'SUCCESS',
    output: `${hash}  -\n`,
  });
  await until(async () => [...(await holders()), ...(await volumes())].length === 0);
});

it('keeps the Docker cache of an image from job to job', async () => {
  const image = TEST_IMAGES.busybox.tag;
  const cached = (script: string) => run(image, script, { useDockerCache: true });
  expect(await cached('echo kept > /var/lib/docker/x')).toMatchObject({ conclusion: 'SUCCESS' });
  expect(await cached('cat /var/lib/docker/x')).toMatchObject({ output: 'kept\n' });
  const caches = (await volumes()).filter((name) => name.startsWith('conjob-docker-cache-'));
  expect(caches).toHaveLength(1);
});
