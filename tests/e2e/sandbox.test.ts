import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { callEngine } from '@conjob/provision';
import { listContainers, removeContainer, TEST_IMAGES } from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { getJson, query } from '../support/http.ts';
import { type Product, startProduct } from './support/product.ts';

const engine = { socketPath: inject('engineSocket') };
const DOCKER_HOST = `unix://${engine.socketPath}`;
const { busybox } = TEST_IMAGES;
const exec = promisify(execFile);
let product: Product;

beforeAll(async () => {
  product = await startProduct({ JOB_PROFILES: 'default,untrusted,trusted' });
  // A network that a helper holds is named by that helper: what it is, a test of its own tells.
  const ownNetworks = { WORKER_SANDBOX_POOL: 'off' };
  await product.startWorker({ DOCKER_HOST, WORKER_NAME: 'sandbox-1', ...ownNetworks });
});
afterAll(() => product.stop());

/** Runs a script in a job, and gives the job. */
async function run(script: string, spec: object = {}): Promise<Record<string, unknown>> {
  const job = { image: busybox.tag, pull: 'never', remove: true, args: ['sh', '-c', script] };
  return getJson(`${product.url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=60' },
    body: JSON.stringify({ ...job, ...spec }),
  });
}

async function hostConfigOf(id: string): Promise<Record<string, unknown>> {
  const { body } = await callEngine(engine.socketPath, `/containers/${id}/json`);
  const { HostConfig, Config } = JSON.parse(body) as Record<string, Record<string, unknown>>;
  // How output is kept, and volumes, are the worker's own; the client says "no" for no restart.
  const { LogConfig: _, Mounts: __, RestartPolicy: ___, ...confines } = HostConfig ?? {};
  const dropped = ((confines['CapDrop'] ?? []) as string[]).map((name) =>
    name.replace(/^CAP_/, ''),
  );
  return { ...confines, CapDrop: dropped.toSorted(), User: Config?.['User'] };
}

/** The same for nothing, however it is written. */
const plain = (config: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(config).filter(([, value]) => {
      if (value === null || value === false || value === '' || value === 0) return false;
      return typeof value !== 'object' || Object.keys(value).length > 0;
    }),
  );

describe('the line that repeats a job', () => {
  it.each([
    ['default', {}],
    ['default', { init: true, resources: { memoryBytes: 33_554_432, cpus: 0.5, pids: 20 } }],
    ['untrusted', {}],
    ['untrusted', { user: '1000' }],
    ['trusted', {}],
  ])('confines its container as the job of profile %s was, with %j', async (profile, more) => {
    const { id } = await run('true', { profile, remove: false, ...more });
    const made = (await listContainers(engine)).find(({ labels }) => labels['conjob.job'] === id);
    const text = await (await fetch(`${product.url}/jobs/${id}/reproduce`)).text();
    const line = text.replace('docker run --rm', 'exec docker create');
    const { stdout } = await exec('sh', ['-c', line], { env: { ...process.env, DOCKER_HOST } });
    const repeated = stdout.trim();
    try {
      const wanted = plain(await hostConfigOf(made?.id ?? ''));
      expect(plain(await hostConfigOf(repeated))).toEqual(wanted);
    } finally {
      await removeContainer(engine, repeated);
      await removeContainer(engine, made?.id ?? '');
    }
  });
});

/** Ends by themselves, or by their limits; each is told how much it may take. */
const HOGS: readonly (readonly [string, string, object, RegExp])[] = [
  ['processes', 'i=0; while [ $i -lt 100 ]; do sleep 30 & i=$((i+1)); done', { pids: 20 }, /fork/],
  ['memory', 'tail /dev/zero', { memoryBytes: 33_554_432 }, /^$/],
];

/** So many files at once, by as many processes as it takes for 120,000: each one may open what the engine lets it. */
const openFiles = (count: number): string => `
  most=$(ulimit -n); [ "$most" = unlimited ] && most=1048576
  processes=$((120000 / (most - 8) + 1)); each=$((${count} / processes + 3)); k=0
  while [ $k -lt $processes ]; do
    (i=3; while [ $i -lt $each ]; do eval "exec $i</dev/null"; i=$((i + 1)); done
      echo >> /done; until [ $(wc -l < /done) = $processes ]; do sleep 0.1; done) &
    k=$((k + 1))
  done
  wait`;

describe('what takes all it can get', () => {
  it.each(HOGS)(
    'of %s stays inside, and its neighbour ends well',
    async (_, script, resources, said) => {
      const [hog, neighbour] = await Promise.all([run(script, { resources }), run('echo fine')]);
      expect(hog).toMatchObject({ conclusion: 'FAILURE', output: expect.stringMatching(said) });
      expect(neighbour).toMatchObject({ conclusion: 'SUCCESS', output: 'fine\n' });
    },
  );

  it('of the disk stays inside, when it is untrusted', async () => {
    const fill =
      'dd if=/dev/zero of=/tmp/x bs=1M count=200 2>&1 | grep -o "No space"; wc -c < /tmp/x';
    const [hog, neighbour] = await Promise.all([
      run(fill, { profile: 'untrusted' }),
      run('echo fine > /tmp/x; cat /tmp/x'),
    ]);
    expect(hog).toMatchObject({ output: `No space\n${64 * 1024 * 1024}\n` });
    expect(neighbour).toMatchObject({ conclusion: 'SUCCESS', output: 'fine\n' });
  });

  it('of the processor leaves its neighbour some', async () => {
    const spin = 'for i in 1 2 3 4 5 6 7 8; do while :; do :; done & done; wait';
    const [hog, neighbour] = await Promise.all([
      run(spin, { timeoutSeconds: 3, killTimeoutSeconds: 0 }),
      run('i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done; echo fine'),
    ]);
    expect(hog).toMatchObject({ conclusion: 'TIMED_OUT' });
    expect(neighbour).toMatchObject({ conclusion: 'SUCCESS', output: 'fine\n' });
  });

  it('of open files stays inside: the kernel counts them as memory', async () => {
    const resources = { memoryBytes: 24 * 1024 * 1024 };
    const [hog, modest, neighbour] = await Promise.all([
      run(openFiles(120_000), { resources }),
      run(openFiles(0), { resources }),
      run('cat /etc/passwd | wc -l'),
    ]);
    expect(hog).toMatchObject({ error: { code: 'run.out_of_memory' } });
    // It is not the processes that take the memory.
    expect(modest).toMatchObject({ conclusion: 'SUCCESS' });
    expect(neighbour).toMatchObject({ conclusion: 'SUCCESS' });
  });
});

it('a job that asks for more than it may is told so at once', async () => {
  const problem = await run('true', { profile: 'untrusted', network: 'bridge' });
  expect(problem).toMatchObject({ status: 400, errors: [{ path: 'network' }] });
  const url = `${product.url}/job/run?${query(busybox.tag, { profile: 'root' })}`;
  expect((await fetch(url)).status).toBe(400);
});
