import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { busyboxFiles, callEngine, importImages } from '@conjob/provision';
import { connectPatient, disconnect, generateKeys } from '@conjob/shared';
import {
  CANARY,
  expectNoCanary,
  filesOfEngineWithCanary,
  filesWithCanary,
  startTestEngine,
  TEST_IMAGES,
  type TempFolder,
  type TestEngine,
  tempFolder,
} from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getJson, until } from '../support/http.ts';
import type { ProductProcess } from '../support/start-process.ts';
import { type Product, startProduct } from './support/product.ts';

const FILE = '/run/build/secrets/secrets';
const IMAGE = TEST_IMAGES.user.tag;
const NAMES = ['north', 'south'];
/** Never in a job's output: jobs print its hash. */
const TEXT = CANARY.image;
const HASH = createHash('sha256').update(TEXT).digest('hex');
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

/** The files in these places that have a canary, where they should not. */
async function filesWithSecrets(folders: readonly string[]): Promise<string[]> {
  const found = await Promise.all([
    ...folders.map(filesWithCanary),
    ...engines.flatMap(({ dataRoot, logPath }) => [
      filesOfEngineWithCanary(dataRoot),
      filesWithCanary(logPath),
    ]),
  ]);
  return found.flat();
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
  await redis.config('SET', 'rdbcompression', 'no');
  await redis.save();
  await disconnect(redis);
  expect(await filesWithSecrets([folder])).toEqual([]);
  const said = [product.api, ...workers].map(({ output }) => output());
  const pids = [product.api, ...workers].map(({ pid }) => pid);
  const environments = pids.map((pid) =>
    execFileSync('cat', [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`], { encoding: 'latin1' }),
  );
  for (const text of [JSON.stringify(inspections), ...answers, ...said, ...environments]) {
    expectNoCanary(text, 'what was said');
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
  expect((await filesWithSecrets([])).join()).toContain('/copy');
  // Whatever is left at the end is found as well, and fails the tests.
  const path = `/containers/conjob-${job['id']}-1?force=true&v=true`;
  expect((await callEngine(engines[0]?.socketPath ?? '', path, { method: 'DELETE' })).status).toBe(
    204,
  );
});

it('a secret is gone for jobs as soon as it is removed, and an image without one has none', async () => {
  expect((await fetch(secretUrl(), { method: 'DELETE' })).status).toBe(204);
  const job = await ended(await submit(`ls ${FILE} 2>/dev/null || echo none`, { remove: true }));
  expect(job).toMatchObject({ conclusion: 'SUCCESS', output: 'none\n' });
});

describe('a job with secretEnv', () => {
  const secretEnv = { TOKEN: CANARY.env };
  const inspect = (id: unknown) =>
    engineJson<{ Config: { Env: string[] } }>(engines[0], `/containers/conjob-${id}-1/json`);

  it('has the values, and shows them nowhere: not in output, Redis, logs or answers', async () => {
    const script =
      'echo "$TOKEN"; echo "ci:$TOKEN" | base64 -w 0; echo "$TOKEN" >&2; printf %s "$TOKEN" | wc -c';
    const submitted = await submit(script, { secretEnv, requires: { side: 'north' } });
    const job = await ended(submitted);
    expect(job).toMatchObject({ conclusion: 'SUCCESS', secretEnv: ['TOKEN'], outputMasked: true });
    const { id } = submitted;
    const outputs = await Promise.all(
      ['stdout', 'stderr'].map(async (stream) =>
        (await fetch(`${product.url}/jobs/${id}/output?stream=${stream}`)).text(),
      ),
    );
    const bytes = Buffer.byteLength(CANARY.env);
    expect(outputs).toEqual([expect.stringMatching(/^\*\*\*\n.{0,5}\*\*\*.{0,3}\d+\n$/), '***\n']);
    expect(outputs[0]).toMatch(new RegExp(`${bytes}\n$`));
    const events = await (await fetch(`${product.url}/jobs/${id}/events`)).text();
    expect(events).toContain('***');
    expectNoCanary(events, 'the events');
    // The engine shows it to whoever may use the engine: docs/secrets.md says so.
    expect((await inspect(id)).Config.Env).toContain(`TOKEN=${CANARY.env}`);

    const redis = connectPatient(product.redis.url);
    const [, folder = ''] = (await redis.config('GET', 'dir')) as string[];
    await redis.save();
    await disconnect(redis);
    expect(await filesWithSecrets([folder])).toEqual([]);
  });

  it('has them again when it is run again', async () => {
    const retry = { maxAttempts: 2, on: ['exit:3'], backoffSeconds: 0 };
    const script = 'echo "$TOKEN"; [ "$CONJOB_ATTEMPT" = 2 ] || exit 3';
    const job = await ended(await submit(script, { secretEnv, retry, remove: true }));
    expect(job).toMatchObject({ conclusion: 'SUCCESS', output: '***\n', outputMasked: true });
    expect(job['attempts']).toHaveLength(2);
  });
});
