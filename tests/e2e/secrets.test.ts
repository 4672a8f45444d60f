import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { busyboxFiles, callEngine, importImages } from '@conjob/provision';
import { connectPatient, disconnect, generateKeys } from '@conjob/shared';
import {
  startTestEngine,
  TEST_IMAGES,
  type TempFolder,
  type TestEngine,
  tempFolder,
} from '@conjob/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { getJson, until } from '../support/http.ts';
import type { ProductProcess } from '../support/start-process.ts';
import { type Product, startProduct } from './support/product.ts';

const FILE = '/run/build/secrets/secrets';
const IMAGE = TEST_IMAGES.user.tag;
const NAMES = ['north', 'south'];
/** Never in a job's output: jobs print its hash. */
const CANARY = randomBytes(24);
const TEXT = CANARY.toString('base64url');
const HASH = createHash('sha256').update(TEXT).digest('hex');
const FORMS = [
  TEXT,
  ...[0, 1, 2].map((offset) => Buffer.from(TEXT).subarray(offset).toString('base64').slice(0, 24)),
  Buffer.from(TEXT).toString('hex'),
];

let keys: TempFolder;
let engines: TestEngine[];
let product: Product;
let workers: ProductProcess[];

beforeAll(async () => {
  keys = tempFolder();
  await generateKeys(keys.path);
  engines = [await startTestEngine(), await startTestEngine()];
  product = await startProduct({ SECRET_KEYS_DIR: keys.path });
  workers = await Promise.all(
    engines.map(({ socketPath }, index) =>
      product.startWorker({
        DOCKER_HOST: `unix://${socketPath}`,
        WORKER_NAME: NAMES[index] ?? '',
        // In the north there is nothing but the job and what holds its secret.
        WORKER_SANDBOX_POOL: index === 0 ? 'off' : 'on',
        WORKER_LABELS: `side=${NAMES[index]}`,
      }),
    ),
  );
});
afterAll(async () => {
  await product.stop();
  for (const engine of engines) await engine.stop();
  keys.remove();
});

const secretUrl = (image: string = IMAGE) =>
  `${product.url}/secrets?${new URLSearchParams({ image })}`;
const set = (body: string) => fetch(secretUrl(), { method: 'POST', body });
const submit = (script: string, more: object = {}) =>
  getJson(`${product.url}/jobs`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ image: IMAGE, args: ['sh', '-c', script], pull: 'never', ...more }),
  });
const ended = ({ id }: Record<string, unknown>) =>
  getJson(`${product.url}/jobs/${id}?wait=120`) as Promise<Record<string, unknown>>;

async function engineJson<T>(engine: TestEngine | undefined, path: string): Promise<T> {
  return JSON.parse((await callEngine(engine?.socketPath ?? '', path)).body) as T;
}
const volumesOf = async (engine: TestEngine | undefined) =>
  (await engineJson<{ Volumes: { Name: string }[] | null }>(engine, '/volumes')).Volumes ?? [];
const helpersOf = (engine: TestEngine | undefined) =>
  engineJson<object[]>(engine, '/containers/json?all=1&filters={"label":["conjob.holds"]}');

/** Which of these places has the canary in any form. */
function placesWith(paths: readonly string[]): string {
  const patterns = FORMS.flatMap((form) => ['-e', form]);
  const { stdout, status } = spawnSync('grep', ['-rlaF', ...patterns, ...paths], {
    encoding: 'utf8',
  });
  expect(status).toBeLessThan(2);
  return stdout;
}

it('whichever worker runs the job, its own user finds the secret, and can not write there', async () => {
  const answer = await set(TEXT);
  expect(answer.status).toBe(200);
  const script = `id -u; sha256sum < ${FILE}; ls -ln ${FILE} | cut -c1-10; touch ${FILE} /run/build/secrets/x 2>&1`;
  for (const side of NAMES) {
    const job = await ended(await submit(script, { requires: { side }, remove: true }));
    expect(job['output']).toContain(`1000\n${HASH}  -\n-r--r--r--\n`);
    expect(job['output']).toContain('Read-only file system');
    expect(job).toMatchObject({ attempts: [{ worker: side }] });
  }
  for (const engine of engines) {
    await until(
      async () => [...(await volumesOf(engine)), ...(await helpersOf(engine))],
      (left) => left.length === 0,
    );
  }
});

it('the canary is nowhere: not in Redis, inspections, data roots, logs or answers', async () => {
  const kept = await submit(`sha256sum < ${FILE}; sleep 2`, { requires: { side: 'north' } });
  await until(
    () => getJson(`${product.url}/jobs/${kept['id']}`),
    ({ phase }) => phase === 'running',
  );
  const running = await engineJson<{ Id: string }[]>(engines[0], '/containers/json?all=1');
  expect(running).toHaveLength(2);
  const inspections = await Promise.all([
    ...running.map(({ Id }) => engineJson<object>(engines[0], `/containers/${Id}/json`)),
    engineJson<object>(engines[0], '/volumes'),
    engineJson<object>(engines[0], '/images/json?all=1'),
  ]);
  const job = await ended(kept);
  expect(job['output']).toBe(`${HASH}  -\n`);
  const answers = await Promise.all(
    [`/jobs/${kept['id']}`, `/jobs/${kept['id']}/reproduce`, `/jobs`].map(async (path) =>
      (await fetch(`${product.url}${path}`)).text(),
    ),
  );
  answers.push(await (await fetch(secretUrl())).text(), await (await set(TEXT)).text());
  expect(answers.join()).toContain('"set":true');
  expect(answers.join()).toContain('/secret:/run/build/secrets/secrets:ro');
  await until(
    () => helpersOf(engines[0]),
    (left) => left.length === 0,
  );

  const redis = connectPatient(product.redis.url);
  const [, folder = ''] = (await redis.config('GET', 'dir')) as string[];
  await redis.save();
  await disconnect(redis);
  expect(
    placesWith([folder, ...engines.flatMap(({ dataRoot, logPath }) => [dataRoot, logPath])]),
  ).toBe('');
  const said = [product.api, ...workers].map(({ output }) => output());
  const pids = [product.api, ...workers].map(({ pid }) => pid);
  const environments = pids.map((pid) =>
    execFileSync('cat', [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`], { encoding: 'latin1' }),
  );
  for (const text of [JSON.stringify(inspections), ...answers, ...said, ...environments]) {
    for (const form of FORMS) expect(text).not.toContain(form);
  }
  // The container was kept; what it had is gone, also when somebody starts it again.
  const [left] = await engineJson<{ Id: string }[]>(engines[0], '/containers/json?all=1');
  const ask = async (path: string, method: 'GET' | 'POST' = 'GET') =>
    callEngine(engines[0]?.socketPath ?? '', `/containers/${left?.Id}/${path}`, { method });
  await ask('start', 'POST');
  await until(
    async () => (await ask('logs?stderr=1')).body,
    (text) => text.includes("can't open"),
  );
});

it.each(['default', 'untrusted'])(
  'a job of the profile %s finds it where its image wants a volume',
  async (profile) => {
    const [north] = engines;
    const socket = north?.socketPath ?? '';
    const config = { Cmd: ['sh'], User: '1000:1000', Volumes: { '/run/build/secrets': {} } };
    const image = 'conjob-test/volume:latest';
    await importImages(socket, await busyboxFiles(), [{ tag: image, config }]);
    await fetch(secretUrl(image), { method: 'POST', body: TEXT });
    const more = { image, profile, requires: { side: 'north' }, remove: true };
    const job = await ended(await submit(`sha256sum < ${FILE}`, more));
    expect(job).toMatchObject({ error: null, output: `${HASH}  -\n` });
  },
);

it('a search finds a secret that is written to a disk', async () => {
  const job = await submit(`cat ${FILE} > /tmp/copy`, { requires: { side: 'north' } });
  await ended(job);
  expect(placesWith([engines[0]?.dataRoot ?? ''])).toContain('/copy');
});

it('a secret is gone for jobs as soon as it is removed, and an image without one has none', async () => {
  expect((await fetch(secretUrl(), { method: 'DELETE' })).status).toBe(204);
  const job = await ended(await submit(`ls ${FILE} 2>/dev/null || echo none`, { remove: true }));
  expect(job).toMatchObject({ conclusion: 'SUCCESS', output: 'none\n' });
});
